import { systemScheduler } from '@breakwater/client';
import { type Connection, createConnection, DEFAULT_BACKOFF, DEFAULT_BREAKER } from '@breakwater/client/sync';
import { WebSocket } from 'ws';
import { makeTemporaryDirectory } from '../../server/test/temporary-directory.ts';
import type { Part, Tally } from './part.ts';
import { openServerChild } from './server-child.ts';

/** From the kill to the moment at which the next server listens, in milliseconds. */
const DOWN_MS = 3_000;
/** By then every link counts as lasting, and every client has heard over which time to come back. In milliseconds. */
const SETTLED_MS = 21_000;
/** Everybody must be back so long after the server is, in milliseconds. */
const BACK_WITHIN_MS = 10_000;
const MAX_ATTEMPTS_PER_CLIENT = 1.5;
const WINDOW_MS = 100;
const MAX_ATTEMPTS_IN_WINDOW = 60;
/** Connections that are opened at once at the start, so that the start is no storm of its own. */
const CROWD = 50;

/** Many connections to one server that is killed and comes back: they must not all come at once, nor too often. */
export const reconnects: Part = {
  runs: 1_000,
  async play({ runs, rest }) {
    // One crowd for one server: the other workers have nothing to do.
    if (rest > 0) return { counts: {}, failures: [] } satisfies Tally;
    const directory = makeTemporaryDirectory();
    try {
      return await playOutage(directory.path, runs);
    } finally {
      directory.remove();
    }
  },
  summarize: (count) =>
    `${count('clients')} clients, server away for ${count('downMs')} ms: ${count('attempts')} attempts, ${count('busiest')} in the busiest 100 ms, all back ${count('backMs')} ms after it`,
};

async function playOutage(dataDir: string, clients: number): Promise<Tally> {
  const attempts: number[] = [];
  const connections: Connection[] = [];
  const first = await openServerChild(dataDir);
  const port = await first.listen(0);
  const isLive = ({ state }: Connection) => state.name === 'live';
  const areLive = () => connections.every(isLive);
  for (let i = 0; i < clients; i++) {
    connections.push(connect(port, attempts));
    if (i % CROWD === CROWD - 1) await until(areLive, BACK_WITHIN_MS);
  }
  await pass(SETTLED_MS);

  attempts.length = 0;
  const downAt = performance.now();
  await first.kill();
  const second = await openServerChild(dataDir);
  await pass(downAt + DOWN_MS - performance.now());
  await second.listen(port);
  const upAt = performance.now();
  const allBack = await until(areLive, BACK_WITHIN_MS);
  const backMs = performance.now() - upAt;
  for (const connection of connections) connection.dispatch({ type: 'stop' });
  await second.kill();

  const counts = {
    clients,
    attempts: attempts.length,
    busiest: busiest(attempts),
    downMs: Math.round(upAt - downAt),
    backMs: Math.round(backMs),
  };
  const failures = [
    ...(allBack ? [] : [`${connections.filter((each) => !isLive(each)).length} clients were not back in time`]),
    ...(counts.attempts <= clients * MAX_ATTEMPTS_PER_CLIENT ? [] : [`${counts.attempts} attempts are too many`]),
    ...(counts.busiest <= MAX_ATTEMPTS_IN_WINDOW ? [] : [`${counts.busiest} attempts within 100 ms are too many`]),
  ];
  return { counts, failures };
}

function connect(port: number, attempts: number[]): Connection {
  const connection = createConnection({
    url: `ws://127.0.0.1:${port}/sync`,
    replica: 'soak',
    token: () => '',
    webSocket(url) {
      attempts.push(performance.now());
      return new WebSocket(url, { perMessageDeflate: false });
    },
    backoff: DEFAULT_BACKOFF,
    breaker: DEFAULT_BREAKER,
    scheduler: systemScheduler,
    random: Math.random,
    onState() {},
    onSession() {},
    onRows() {},
  });
  connection.dispatch({ type: 'start' });
  return connection;
}

/** The most that fall into any stretch of the window's length. */
function busiest(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  let most = 0;
  let start = 0;
  sorted.forEach((time, i) => {
    while ((sorted[start] ?? time) <= time - WINDOW_MS) start++;
    most = Math.max(most, i - start + 1);
  });
  return most;
}

/** False when it is not so in time. */
async function until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > end) return false;
    await pass(5);
  }
  return true;
}

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
