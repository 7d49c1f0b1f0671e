import { setTimeout as pass } from 'node:timers/promises';
import { type FaultProxy, startFaultProxy } from '@breakwater/testing';
import { rowOf } from '../../server/test/hub-world.ts';
import { makeTemporaryDirectory } from '../../server/test/temporary-directory.ts';
import { openClient, type TestClient } from '../../server/test/test-client.ts';
import { type Follower, follow } from './follower.ts';
import type { Part, Tally } from './part.ts';
import { openServerChild, type ServerChild } from './server-child.ts';

/** What becomes of the lines, each with its share of the followers, while rows are written. */
const FAULTS: readonly ((line: FaultProxy) => void)[] = [
  (line) => line.stall('down'),
  (line) => line.trickle(),
  (line) => line.narrow({ bytesPerSecond: 32_000 }),
  (line) => line.slow({ latencyMs: 300, jitterMs: 200 }),
  (line) => line.halfClose('down'),
];

/** Few rows that are written over and over: whoever catches up hears of each once. */
const ROWS = 100;
const ROW_BYTES = 10_000;
/** Each writes every row once. */
const WARM_ROUNDS = 20;
const ROUNDS = 100;
/** No longer: a line that is dead for longer than a heartbeat's deadline is given up, and comes back with backoff. */
const WRITE_FOR_MS = 20_000;
/** Of what the server holds, beyond what it took to serve good lines. Without bounds it would hold all that is written. */
const MAX_GROWTH_MB = 32;
const IN_STEP_WITHIN_MS = 5_000;
const MEMORY_EVERY_MS = 500;
const MB = 2 ** 20;

/** Followers on strange lines while much is written: what they cost the server, and how soon they are in step. */
export const slowLines: Part = {
  runs: 25,
  async play({ runs, rest }) {
    // All have one server: the other workers have nothing to do.
    if (rest > 0) return { counts: {}, failures: [] } satisfies Tally;
    const directory = makeTemporaryDirectory();
    const server = await openServerChild(directory.path);
    try {
      return await playLines(server, runs);
    } finally {
      await server.kill();
      directory.remove();
    }
  },
  summarize: (count) =>
    `${count('followers')} followers on stalled, trickling, narrow, slow and half-closed lines, ${count('writtenMb')} MB written: the server held ${count('growthMb')} MB more, all in step ${count('inStepMs')} ms after the lines had healed`,
};

async function playLines(server: ServerChild, count: number): Promise<Tally> {
  const port = await server.listen(0);
  const lines = await Promise.all(FAULTS.map(() => startFaultProxy({ to: port })));
  const followers = lines.flatMap((line) =>
    Array.from({ length: Math.ceil(count / lines.length) }, () => follow(urlOf(line.port), 'notes')),
  );
  const writer = await openClient(urlOf(port));
  const warmRounds = await write(writer, WARM_ROUNDS);
  await reach(followers, warmRounds * ROWS);

  const memory = watchMemory(server, await server.memory());
  for (const [i, line] of lines.entries()) FAULTS[i]?.(line);
  const rounds = await write(writer, ROUNDS);
  for (const line of lines) line.heal();
  const healedAt = performance.now();
  const isReached = await reach(followers, (warmRounds + rounds) * ROWS);
  const inStepMs = performance.now() - healedAt;
  const growth = await memory.stop();

  for (const { end } of followers) end();
  writer.terminate();
  await Promise.all(lines.map((line) => line.end()));
  const counts = {
    followers: followers.length,
    writtenMb: Math.round((rounds * ROWS * ROW_BYTES) / MB),
    growthMb: Math.round(growth / MB),
    inStepMs: Math.round(inStepMs),
  };
  const failures = [
    ...(isReached ? [] : [`not everybody was in step ${IN_STEP_WITHIN_MS} ms after the lines had healed`]),
    ...(counts.growthMb <= MAX_GROWTH_MB ? [] : [`the server held more than ${MAX_GROWTH_MB} MB`]),
  ];
  return { counts, failures };
}

/** Each row by itself, so that the news of it is a message of its own. Answers how many rounds there was time for. */
async function write(writer: TestClient, rounds: number): Promise<number> {
  const end = performance.now() + WRITE_FOR_MS;
  for (let round = 0; round < rounds; round++) {
    if (performance.now() > end) return round;
    const text = `${round} `.padEnd(ROW_BYTES, 'x');
    const rows = Array.from({ length: ROWS }, (_, i) => rowOf(`${i}`, { text }));
    await Promise.all(rows.map((row) => writer.push({ collection: 'notes', rows: [row] })));
  }
  return rounds;
}

/** False when one of them is not there in time. */
async function reach(followers: readonly Follower[], seq: number): Promise<boolean> {
  const end = performance.now() + IN_STEP_WITHIN_MS;
  while (followers.some(({ checkpoint }) => checkpoint < seq)) {
    if (performance.now() > end) return false;
    await pass(5);
  }
  return true;
}

/** How much more than before the server held at most. */
function watchMemory(server: ServerChild, before: number) {
  const stopping = new AbortController();
  const watching = watch();

  async function watch(): Promise<number> {
    let most = before;
    while (!stopping.signal.aborted) {
      most = Math.max(most, await server.memory());
      await pass(MEMORY_EVERY_MS);
    }
    return most - before;
  }

  return {
    stop(): Promise<number> {
      stopping.abort();
      return watching;
    },
  };
}

function urlOf(port: number): string {
  return `ws://127.0.0.1:${port}/sync`;
}
