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

/** BREAKWATER_RUNS plays more of them; BREAKWATER_SEED one only. */
export function randomRuns(options: RandomRunsOptions): RandomRuns {
  const fixed = process.env.BREAKWATER_SEED;
  const first = fixed === undefined ? 1 : Number(fixed);
  const runs = fixed === undefined ? Number(process.env.BREAKWATER_RUNS ?? options.runs) : 1;
  return {
    runs,
    timeout: 20_000 + 2_000 * runs,
    async play() {
      for (let seed = first; seed < first + runs; seed++) {
        const verdict = await playRandomRun(seed, options).catch((error: unknown) => [String(error)]);
        expect(verdict, `seed ${seed} failed; repeat it with: BREAKWATER_SEED=${seed} ${options.command}`).toEqual([]);
      }
    },
  };
}
