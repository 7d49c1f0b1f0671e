import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';
import { notes, rowOf } from '../hub-world.ts';
import { startCli } from '../server-process.ts';
import { makeTemporaryDirectory } from '../temporary-directory.ts';
import { openClient, type TestClient } from '../test-client.ts';

/** A real server in a process of its own, as somebody on the internet meets it. */
export interface Target {
  readonly port: number;
  readonly url: string;
  /** A good token; the claims take the place of its own. */
  token(user?: string, claims?: Record<string, unknown>): string;
  /** A session that is live. */
  open(user?: string): Promise<TestClient>;
  /** Somebody who works with the server meanwhile. */
  openWitness(): Promise<Witness>;
  isAlive(): Promise<boolean>;
  /** In bytes. */
  memory(): Promise<number>;
  /** By how much it grows, at most, until it is asked; in bytes. */
  watchMemory(): Promise<{ stop(): Promise<number> }>;
  end(): Promise<void>;
}

export interface Witness {
  /** Answers how long it waited at most, in milliseconds, and how often it was answered. */
  end(): Promise<{ readonly worstMs: number; readonly answers: number }>;
}

const SECRET = 'a secret of more than thirty-two bytes';

/** Of the data, so that the witness has something to ask for. */
const WARM_PUSHES = 200;
const WARM_LARGE_PUSHES = 40;
const WARM_READERS = 5;

/** The witness writes once in so many times. */
const WITNESS_READS = 10;

/** How often the witness asks, in milliseconds. */
const WITNESS_EVERY_MS = 20;

const MEMORY_EVERY_MS = 200;

export async function startTarget(env: NodeJS.ProcessEnv = {}): Promise<Target> {
  const directory = makeTemporaryDirectory();
  const server = await startCli({
    cwd: directory.path,
    env: {
      BREAKWATER_DATA: join(directory.path, 'data'),
      BREAKWATER_JWT_SECRET: SECRET,
      BREAKWATER_METRICS_PORT: '0',
      BREAKWATER_LOG_LEVEL: 'error',
      ...env,
    },
  });
  const { port } = server;
  const url = `ws://127.0.0.1:${port}/sync`;
  const metrics = await metricsOf(server.output);
  const target: Target = {
    port,
    url,
    token: (user = 'attacker', claims = {}) => signToken(SECRET, { tenant: 'harbour', sub: user, ...claims }),
    open: (user = 'attacker') => openClient(url, target.token(user), user),
    async openWitness() {
      return witness(await target.open('witness'));
    },
    async isAlive() {
      const answer = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined);
      return answer?.ok === true;
    },
    async memory() {
      const text = await (await fetch(metrics)).text();
      return Number(/^process_resident_memory_bytes (\S+)$/m.exec(text)?.[1]);
    },
    watchMemory: async () => watchMemory(target, await target.memory()),
    async end() {
      await server.kill('SIGKILL');
      directory.remove();
    },
  };
  return target;
}

/** Data to attack. And a server that has just started takes memory for whatever it does first, which is not the attack's. */
export async function warmUp(target: Target): Promise<void> {
  const clients = await Promise.all(Array.from({ length: 20 }, (_, i) => target.open(`warm-${i}`)));
  for (let i = 0; i < WARM_PUSHES; i++) {
    await clients[i % clients.length]?.push(notes(rowOf(`warm-${i}`, { text: 'x'.repeat(2_000) })));
  }
  for (let i = 0; i < WARM_LARGE_PUSHES; i++) {
    await clients[i % clients.length]?.push(notes(rowOf(`warm-large-${i}`, { text: `${i}`.padEnd(200_000, 'x') })));
  }
  for (const client of clients.slice(0, WARM_READERS)) await readAll(client);
  for (const client of clients) client.terminate();
}

async function readAll(client: TestClient): Promise<void> {
  for (let checkpoint = 0; ; ) {
    const page = await client.pull('notes', checkpoint);
    if (page.type !== 'page' || page.last) return;
    checkpoint = page.group.checkpoint;
  }
}

/** HS256, by hand: an attacker, too, makes tokens that no library would. */
export function signToken(secret: string, claims: unknown, header: unknown = { alg: 'HS256' }): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part(header)}.${part(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

async function metricsOf(output: readonly string[]): Promise<string> {
  for (;;) {
    const found = /Metrics are at (\S+)/.exec(output.join(''));
    if (found?.[1] !== undefined) return found[1];
    await pass(5);
  }
}

function witness(client: TestClient): Witness {
  let isOver = false;
  let worstMs = 0;
  let answers = 0;
  const working = work().catch(() => {});

  async function work(): Promise<void> {
    while (!isOver) {
      // It writes too, but how long a disk takes to sync is not the attacker's doing.
      if (answers % WITNESS_READS === 0) await client.push(notes(rowOf('witness', { answers })));
      const start = performance.now();
      await client.ask((request) => ({ type: 'get', request, collection: 'notes', id: 'witness' }));
      worstMs = Math.max(worstMs, performance.now() - start);
      answers += 1;
      await pass(WITNESS_EVERY_MS);
    }
  }

  return {
    async end() {
      // Also what is done to the server in its last moment shows.
      const before = answers;
      const end = performance.now() + 5_000;
      while (answers < before + 2 && performance.now() < end) await pass(5);
      isOver = true;
      client.terminate();
      await working;
      return { worstMs, answers: answers - before > 1 ? answers : 0 };
    },
  };
}

function watchMemory(target: Target, before: number) {
  const stopping = new AbortController();
  const watching = watch();

  async function watch(): Promise<number> {
    let most = before;
    while (!stopping.signal.aborted) {
      most = Math.max(most, await target.memory().catch(() => before));
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
