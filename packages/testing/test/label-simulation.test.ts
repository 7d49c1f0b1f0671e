import { expect, it } from 'vitest';
import { playLabels } from '../src/simulator/index.ts';

const COMMAND = 'npm test -- --project node label-simulation';

const fixed = process.env.BREAKWATER_SEED;
const first = fixed === undefined ? 1 : Number(fixed);
const runs = fixed === undefined ? Number(process.env.BREAKWATER_RUNS ?? 40) : 1;
/** In milliseconds. */
const timeout = 60_000 + 600 * runs;

it(`[SI7] rows move between labels, devices read by others: each has what it may read, no edit is lost (${runs} seeds)`, {
  timeout,
}, async () => {
  for (let seed = first; seed < first + runs; seed++) await expectPlayed(seed, false);
});

it(`[SI7] with a server that is set back each has what it may read (${Math.ceil(runs / 3)} seeds)`, {
  timeout,
}, async () => {
  for (let seed = first; seed < first + Math.ceil(runs / 3); seed++) await expectPlayed(seed, true);
});

it('[SI6] labels that change and edits of documents that were revoked are played', async () => {
  const totals = { changes: 0, revoked: 0 };
  for (let seed = 1; seed <= 10; seed++) {
    const { changes, revoked } = await playLabels({ seed });
    totals.changes += changes;
    totals.revoked += revoked;
  }
  expect(Math.min(...Object.values(totals)), JSON.stringify(totals)).toBeGreaterThan(5);
});

async function expectPlayed(seed: number, setBacks: boolean): Promise<void> {
  const { verdict } = await playLabels({ seed, setBacks });
  expect(verdict, `seed ${seed} failed; repeat it with: BREAKWATER_SEED=${seed} ${COMMAND}`).toEqual([]);
}
