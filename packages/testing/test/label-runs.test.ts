import { expect, it } from 'vitest';
import { playLabelRun } from './label-run.ts';

/** BREAKWATER_RUNS plays more of them; BREAKWATER_SEED one only. */
const fixed = process.env.BREAKWATER_SEED;
const runs = fixed === undefined ? Number(process.env.BREAKWATER_RUNS ?? 12) : 1;
const command = 'npm test -- --project node label-runs';

it(`[LB36] whatever labels come and go: a device holds what it may read, and no edit is lost silently (${runs} runs)`, {
  timeout: 20_000 + 2_000 * runs,
}, async () => {
  const first = fixed === undefined ? 1 : Number(fixed);
  for (let seed = first; seed < first + runs; seed++) {
    const verdict = await playLabelRun(seed);
    expect(verdict, `seed ${seed} failed; repeat it with: BREAKWATER_SEED=${seed} ${command}`).toEqual([]);
  }
});
