/*
 * npm run soak: the simulation with many more seeds, and every case of the small world. BREAKWATER_RUNS plays another
 * number of seeds, from BREAKWATER_SEED on.
 */
import { availableParallelism } from 'node:os';
import process from 'node:process';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { allCases, play, playCase } from '../packages/testing/src/simulator/index.ts';

/** Every n-th seed has a server that is set back. */
const SET_BACKS_EVERY = 5;

/** What each worker plays: of all seeds and cases those whose number leaves its rest. */
interface Share {
  readonly first: number;
  readonly runs: number;
  readonly workers: number;
  readonly rest: number;
}

interface Tally {
  seeds: number;
  cases: number;
  operations: number;
  unknownOutcomes: number;
  lost: number;
  apart: number;
  readonly failures: string[];
}

if (isMainThread) await soak();
else parentPort?.postMessage(await playShare(workerData as Share));

async function soak(): Promise<void> {
  const start = performance.now();
  const first = Number(process.env.BREAKWATER_SEED ?? 1);
  const runs = Number(process.env.BREAKWATER_RUNS ?? 10_000);
  const workers = Math.max(1, Math.min(8, availableParallelism()));
  const shares = Array.from({ length: workers }, (_, rest): Share => ({ first, runs, workers, rest }));
  const total = (await Promise.all(shares.map(runWorker))).reduce(add);
  for (const failure of total.failures.slice(0, 10)) console.error(failure);
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  const { seeds, cases, operations, unknownOutcomes, lost, apart } = total;
  console.log(
    `${count(seeds)} seeds, ${count(cases)} small cases, ${count(operations)} operations, ${count(unknownOutcomes)} pushes of unknown outcome, ${lost} lost, ${apart} apart, ${seconds} s`,
  );
  process.exitCode = total.failures.length === 0 ? 0 : 1;
}

function runWorker(share: Share): Promise<Tally> {
  const worker = new Worker(new URL(import.meta.url), { workerData: share });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`a worker ended with code ${code}`)));
  });
}

function add(a: Tally, b: Tally): Tally {
  return {
    seeds: a.seeds + b.seeds,
    cases: a.cases + b.cases,
    operations: a.operations + b.operations,
    unknownOutcomes: a.unknownOutcomes + b.unknownOutcomes,
    lost: a.lost + b.lost,
    apart: a.apart + b.apart,
    failures: [...a.failures, ...b.failures],
  };
}

function count(number: number): string {
  return number.toLocaleString('en');
}

async function playShare({ first, runs, workers, rest }: Share): Promise<Tally> {
  const tally: Tally = { seeds: 0, cases: 0, operations: 0, unknownOutcomes: 0, lost: 0, apart: 0, failures: [] };
  for (let seed = first + rest; seed < first + runs; seed += workers) await playSeed(tally, seed);
  let number = 0;
  for (const each of allCases()) {
    number += 1;
    if (number % workers !== rest) continue;
    const { operations, verdict } = await playCase(each);
    tally.cases += 1;
    tally.operations += operations;
    if (verdict.length > 0) note(tally, verdict, `small case ${number}: ${JSON.stringify(each)}`);
  }
  return tally;
}

async function playSeed(tally: Tally, seed: number): Promise<void> {
  const { operations, unknownOutcomes, steps, verdict } = await play({ seed, setBacks: seed % SET_BACKS_EVERY === 0 });
  tally.seeds += 1;
  tally.operations += operations;
  tally.unknownOutcomes += unknownOutcomes;
  const command = `BREAKWATER_SEED=${seed} npm test -- --project node simulation.test`;
  if (verdict.length > 0) note(tally, verdict, `seed ${seed} failed after ${steps} steps; repeat it with: ${command}`);
}

/** A write that is nowhere to be found is lost; anything else that is wrong keeps the replicas apart. */
function note(tally: Tally, verdict: readonly string[], what: string): void {
  if (verdict.some((fault) => fault.includes(' lost the '))) tally.lost += 1;
  else tally.apart += 1;
  tally.failures.push(`${what}\n  ${verdict.slice(0, 3).join('\n  ')}`);
}
