/*
 * npm run soak: for long what the tests play a little of. Its parts, each with one line of figures:
 *
 *   simulation  simulated replicas: 10,000 seeds, and every case of the small world
 *   devices     RxDB on memory and Dexie and the real server: 100 seeds, each on both, alone and with two tabs
 *   kills       the real server, killed 200 times under writes
 *   pictures    200 pictures queued offline, sent over cut sockets to a server that is killed
 *   slow-lines  followers on strange lines while much is written: what they cost the server, how soon they are in step
 *   reconnects  1,000 connections to a server that is killed and comes back after 3 s
 *   attacks     everything that the tests do to a server and what takes longer, each on a server of its own: a table
 *   disk-full   a real disk that is full, and has room again
 *   reverse-proxy  the nginx of docs/reverse-proxy.md, with TLS and a path prefix, and two devices behind it
 *   idle-sockets  10,000 clients that are let in and then idle: what they take of the server's memory
 *   mutants     every rule of replication that holds by a guard in the source, switched off: one named test must fail
 *
 * `npm run soak -- devices kills` plays these only; BREAKWATER_RUNS another number of seeds or kills, BREAKWATER_SEED from
 * another seed on; BREAKWATER_ATTACKS only the attacks with this in their name.
 */
import { availableParallelism } from 'node:os';
import process from 'node:process';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { attacks } from './soak/attacks.ts';
import { devices } from './soak/devices.ts';
import { diskFull } from './soak/disk-full.ts';
import { idleSockets } from './soak/idle-sockets.ts';
import { kills } from './soak/kills.ts';
import { mutants } from './soak/mutants.ts';
import { addTallies, type Part, type Share, type Tally } from './soak/part.ts';
import { pictures } from './soak/pictures.ts';
import { reconnects } from './soak/reconnects.ts';
import { reverseProxy } from './soak/reverse-proxy.ts';
import { simulation } from './soak/simulation.ts';
import { slowLines } from './soak/slow-lines.ts';

const parts = new Map<string, Part>(
  Object.entries({
    simulation,
    devices,
    kills,
    reconnects,
    pictures,
    'slow-lines': slowLines,
    attacks,
    'disk-full': diskFull,
    'reverse-proxy': reverseProxy,
    'idle-sockets': idleSockets,
    mutants,
  }),
);

interface Task {
  readonly name: string;
  readonly share: Share;
}

if (isMainThread) await soak();
else await work(workerData as Task);

async function soak(): Promise<void> {
  const names = process.argv.length > 2 ? process.argv.slice(2) : [...parts.keys()];
  for (const name of names) await playPart(name, partNamed(name));
}

async function playPart(name: string, part: Part): Promise<void> {
  const start = performance.now();
  const first = Number(process.env.BREAKWATER_SEED ?? 1);
  const runs = Number(process.env.BREAKWATER_RUNS ?? part.runs);
  const workers = Math.max(1, Math.min(8, availableParallelism()));
  const tasks = Array.from({ length: workers }, (_, rest): Task => ({ name, share: { first, runs, workers, rest } }));
  const { counts, failures } = (await Promise.all(tasks.map(runWorker))).reduce(addTallies);
  for (const failure of failures.slice(0, 10)) console.error(failure);
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  console.log(`${part.summarize((what) => (counts[what] ?? 0).toLocaleString('en'))}, ${seconds} s`);
  if (failures.length > 0) process.exitCode = 1;
}

function runWorker(task: Task): Promise<Tally> {
  const worker = new Worker(new URL(import.meta.url), { workerData: task });
  return new Promise((resolve, reject) => {
    worker.once('message', (tally: Tally) => {
      resolve(tally);
      // Whatever is left open in it must not keep it.
      void worker.terminate();
    });
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`a worker ended with code ${code}`)));
  });
}

async function work({ name, share }: Task): Promise<void> {
  parentPort?.postMessage(await partNamed(name).play(share));
}

function partNamed(name: string): Part {
  const part = parts.get(name);
  if (part !== undefined) return part;
  throw new Error(`'${name}' is no part of the soak: its parts are ${[...parts.keys()].join(', ')}`);
}
