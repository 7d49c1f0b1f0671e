import { expect } from 'vitest';
import { playRandomRun, type RandomRunOptions } from '../src/random-run.ts';

export interface RandomRunsOptions extends RandomRunOptions {
  readonly runs: number;
  /** What repeats a run, but for the seed. */
  readonly command: string;
}

export interface RandomRuns {
  readonly runs: number;
  /** In milliseconds. */
  readonly timeout: number;
  play(): Promise<void>;
}

/** Runs at once: they mostly wait. RxDB's free core stops at 13 open collections, and each run has three. */
const LANES = 4;

/** BREAKWATER_RUNS plays more of them; BREAKWATER_SEED one only. */
export function randomRuns(options: RandomRunsOptions): RandomRuns {
  const fixed = process.env.BREAKWATER_SEED;
  const first = fixed === undefined ? 1 : Number(fixed);
  const runs = fixed === undefined ? Number(process.env.BREAKWATER_RUNS ?? options.runs) : 1;

  const failures: string[] = [];

  async function playLane(lane: number): Promise<void> {
    for (let seed = first + lane; seed < first + runs && failures.length === 0; seed += LANES) {
      const verdict = await playRandomRun(seed, options).catch((error: unknown) => [String(error)]);
      if (verdict.length === 0) continue;
      failures.push(`seed ${seed} failed; repeat it with: BREAKWATER_SEED=${seed} ${options.command}`, ...verdict);
    }
  }

  return {
    runs,
    timeout: 20_000 + 2_000 * runs,
    async play() {
      await Promise.all(Array.from({ length: LANES }, (_, lane) => playLane(lane)));
      expect(failures).toEqual([]);
    },
  };
}
