import { afterEach, expect, test, vi } from 'vitest';
import { readCliCommand } from '../src/cli-options.ts';
import { createServer } from '../src/server.ts';
import type { ServerOptions } from '../src/server-options.ts';
import { openSqliteStore } from '../src/sqlite-store.ts';
import type { Store } from '../src/store.ts';
import { connectFrame, frame, openWebsocket } from './attacks/raw-socket.ts';
import { notes, rowOf } from './hub-world.ts';
import { startCli } from './server-process.ts';
import { makeTemporaryDirectory } from './temporary-directory.ts';
import { openClient } from './test-client.ts';
import { openYClient } from './y-client.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

test('[SV3] clients are told to come back at different times, spread the more, the more they are', async () => {
  const { server, url } = await start({ dataDir: ':memory:' });
  const clients = await Promise.all(Array.from({ length: 40 }, () => openClient(url)));
  await server.close();
  const reasons = await Promise.all(clients.map(async ({ closed }) => (await closed).reason));
  const delays = reasons.map((reason) => Number(/^retry-after=(\d+)$/.exec(reason)?.[1]));
  for (const delay of delays) expect(delay).toBeGreaterThanOrEqual(250);
  for (const delay of delays) expect(delay).toBeLessThanOrEqual(250 + 40 * 8);
  expect(new Set(delays).size).toBeGreaterThan(10);
});

test('[SV14] a store that does not come to an end holds up the end of the server until its deadline, and no longer', async () => {
  const inner = openSqliteStore(':memory:');
  cleanups.push(() => inner.close());
  const never = () => new Promise<never>(() => {});
  const store: Store = { ...inner, close: never, rooms: { ...inner.rooms, fold: never } };
  const lines: string[] = [];
  const { server, base } = await start({
    store,
    closeWithinMs: 50,
    log: (level, line) => level === 'error' && lines.push(line),
  });
  const typist = openYClient(base, 'room/lobby');
  cleanups.push(() => typist.close());
  await typist.synced();
  typist.text.insert(0, 'typed');
  await vi.waitFor(() => expect(inner.rooms.load('default', LOBBY).last).toBe(1));
  await server.close();
  expect(lines).toEqual([
    'Not everything that was typed in rooms is in its row when the time to stop was over; the next start sees to it',
  ]);
});

test('[SV14] nor does a client that does not say goodbye, whatever it was sent', async () => {
  const { server, port } = await start({ dataDir: ':memory:', closeWithinMs: 50 });
  const silent = await openWebsocket({ port });
  silent.write(frame({ payload: connectFrame('') }));
  await silent.heard('connected');
  silent.socket.pause();
  await server.close();
  silent.socket.resume();
  expect(await silent.told).toMatch(/^close 1013 retry-after=/);
  // It has 5 s for its goodbye.
}, 4_000);

test('[CL8] a second signal of either kind ends the program at once', async () => {
  const directory = makeTemporaryDirectory();
  cleanups.push(directory.remove);
  const server = await startCli({ cwd: directory.path, env: { BREAKWATER_CLOSE_WITHIN_SECONDS: '3600' } });
  const client = await openClient(`ws://localhost:${server.port}/sync`);
  await client.push(notes(rowOf('a', {})));
  const silent = await openWebsocket(server);
  silent.write(frame({ payload: connectFrame('') }));
  await silent.heard('connected');
  silent.socket.pause();
  const ended = server.kill('SIGTERM');
  expect(await client.closed).toMatchObject({ code: 1013 });
  // It waits for the goodbye of the other one, and would then end with 0.
  void server.kill('SIGINT');
  expect(await ended).toMatchObject({ code: null });
  silent.destroy();
});

test('[CL8] the environment says how long stopping may take', () => {
  expect(readCliCommand([], { BREAKWATER_CLOSE_WITHIN_SECONDS: '3' })).toMatchObject({
    options: { closeWithinSeconds: 3 },
  });
});

const LOBBY = { collection: '', id: 'lobby', generation: '' };

async function start(options: ServerOptions) {
  const server = await createServer({ log: () => {}, ...options });
  cleanups.push(() => server.close());
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  return { server, port, base: `ws://127.0.0.1:${port}`, url: `ws://127.0.0.1:${port}/sync` };
}
