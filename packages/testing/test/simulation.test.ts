import { expect, it } from 'vitest';
import { allCases, play, playCase } from '../src/simulator/index.ts';

const COMMAND = 'npm test -- --project node simulation.test';

const fixed = process.env.BREAKWATER_SEED;
const first = fixed === undefined ? 1 : Number(fixed);
const runs = fixed === undefined ? Number(process.env.BREAKWATER_RUNS ?? 500) : 1;
/** In milliseconds; several times what it takes alone: the machine may be busy. */
const timeout = 60_000 + 600 * runs;

it(`[SI1] whatever the weather: nothing is lost, all replicas and the server end equal (${runs} seeds)`, {
  timeout,
}, async () => {
  for (let seed = first; seed < first + runs; seed++) await expectPlayed(seed, false);
});

const setBackRuns = fixed === undefined ? Math.ceil(runs / 5) : 1;

it(`[SI2] the same with a server that is set back to a backup, under a new epoch (${setBackRuns} seeds)`, {
  timeout,
}, async () => {
  for (let seed = first; seed < first + setBackRuns; seed++) await expectPlayed(seed, true);
});

it('[SI6] batches, refusals, purges and pushes of unknown outcome are all played', async () => {
  const totals = { batches: 0, refused: 0, purged: 0, unknownOutcomes: 0 };
  for (let seed = 1; seed <= 10; seed++) {
    const played = await play({ seed });
    for (const name of ['batches', 'refused', 'purged', 'unknownOutcomes'] as const) totals[name] += played[name];
  }
  expect(Math.min(...Object.values(totals)), JSON.stringify(totals)).toBeGreaterThan(5);
});

it('[SI3] the same seed gives the same trace, another seed another one', async () => {
  const { hash } = await play({ seed: 7 });
  expect((await play({ seed: 7 })).hash).toBe(hash);
  expect((await play({ seed: 8 })).hash).not.toBe(hash);
});

it('[SI4] three devices, each cut or crashed on either side of its ack, in every order (each 13th case)', {
  timeout,
}, async () => {
  let number = 0;
  for (const each of allCases()) {
    number += 1;
    if (number % 13 !== 0) continue;
    expect((await playCase(each)).verdict, `case ${number}: ${JSON.stringify(each)}`).toEqual([]);
  }
  expect(number).toBeGreaterThanOrEqual(5_000);
});

async function expectPlayed(seed: number, setBacks: boolean): Promise<void> {
  const { verdict, steps } = await play({ seed, setBacks });
  const advice = `seed ${seed} failed after ${steps} steps; repeat it with: BREAKWATER_SEED=${seed} ${COMMAND}`;
  expect(verdict, advice).toEqual([]);
}
