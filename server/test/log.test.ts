import { afterEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { readCliCommand } from '../src/cli-options.ts';
import { AuthenticationError, type Identity } from '../src/identity.ts';
import { createJsonLog } from '../src/json-log.ts';
import { failuresOf, type Log } from '../src/log.ts';
import { createServer } from '../src/server.ts';
import type { ServerOptions } from '../src/server-options.ts';
import { openSqliteStore } from '../src/sqlite-store.ts';
import { StorageError } from '../src/store.ts';
import { createTextLog } from '../src/text-log.ts';
import { notes, rowOf } from './hub-world.ts';
import { startCli } from './server-process.ts';
import { makeTemporaryDirectory } from './temporary-directory.ts';
import { openClient } from './test-client.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

test('[OP1] a line has a level, words and fields, and is written from a level on', () => {
  const lines: unknown[] = [];
  const log = createJsonLog({ level: 'warn', stream: { write: (line) => lines.push(JSON.parse(line)) } });
  failuresOf('hub', log)('it failed');
  log('warn', 'it is odd', { count: 2, isOdd: true });
  log('info', 'it went on');
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  expect(lines).toEqual([
    { level: 'error', time, part: 'hub', msg: 'it failed' },
    { level: 'warn', time, count: 2, isOdd: true, msg: 'it is odd' },
  ]);
});

test('[OP1] the program writes JSON to stderr where there is no terminal, as much as it is told to', async () => {
  const directory = makeTemporaryDirectory();
  cleanups.push(directory.remove);
  const server = await startCli({ cwd: directory.path, env: { BREAKWATER_LOG_LEVEL: 'debug' } });
  const client = await openClient(`ws://localhost:${server.port}/sync`);
  client.terminate();
  await client.closed;
  const { stderr } = await server.kill('SIGTERM');
  const [first = ''] = stderr.split('\n');
  expect(JSON.parse(first)).toMatchObject({ level: 'debug', session: 1, tenant: 'default', msg: 'A session began' });
});

test('[OP1] the environment says how and how much, and what it cannot mean is named', () => {
  const options = (env: NodeJS.ProcessEnv) => readCliCommand([], env);
  expect(options({})).toMatchObject({ options: { logLevel: 'info', logFormat: undefined } });
  expect(options({ BREAKWATER_LOG: 'text', BREAKWATER_LOG_LEVEL: 'error' })).toMatchObject({
    options: { logLevel: 'error', logFormat: 'text' },
  });
  expect(() => options({ BREAKWATER_LOG: 'xml' })).toThrow("BREAKWATER_LOG is 'xml'; set it to one of text, json.");
  expect(() => options({ BREAKWATER_LOG_LEVEL: 'all' })).toThrow(
    "BREAKWATER_LOG_LEVEL is 'all'; set it to one of error, warn, info, debug.",
  );
});

test('[OP2] at a terminal a line is text, and one line whatever clients call things', () => {
  const lines: string[] = [];
  const now = () => Date.UTC(2026, 4, 4, 12, 30, 5);
  const log = createTextLog({ level: 'info', write: (line) => lines.push(line), now });
  log('error', 'A push failed', { part: 'hub' });
  log('info', 'A user came', { user: 'ada\n12:30:06Z error all is lost\u001b[2J' });
  log('debug', 'A session began');
  expect(lines).toEqual([
    '12:30:05Z error A push failed (part=hub)\n',
    '12:30:05Z info  A user came (user=ada 12:30:06Z error all is lost [2J)\n',
  ]);
});

test('[OP3] a session is in the log when it begins and when it ends, on either path', async () => {
  let time = 1_000;
  const { url, logged } = await start({ now: () => time });
  const client = await openClient(`${url}/sync`);
  const room = new WebSocket(`${url}/yjs/room/lobby`);
  cleanups.push(() => room.terminate());
  await new Promise((resolve) => room.once('open', resolve));
  await vi.waitFor(() => expect(logged).toHaveLength(2));
  time += 250;
  client.terminate();
  await vi.waitFor(() => expect(logged).toHaveLength(3));
  expect(logged).toEqual([
    ['debug', 'A session began', { session: 1, path: '/sync', tenant: 'default', user: 'anonymous' }],
    ['debug', 'A session began', { session: 2, path: '/yjs/room/lobby', tenant: 'default', user: 'anonymous' }],
    ['debug', 'A session ended', { session: 1, code: 1006, durationMs: 250 }],
  ]);
});

test('[OP3] whoever is turned away is in the log by the reason, without the token', async () => {
  const authenticate = (token: string): Identity => {
    throw new AuthenticationError(`nobody has ${token}`);
  };
  const { url, logged } = await start({ authenticate });
  await expect(openClient(`${url}/sync`, 'hunter2')).rejects.toThrow('closed with 4401');
  expect(logged).toEqual([['info', 'A token was refused', { reason: 'nobody has (the token)' }]]);
});

test('[OP3] a push that fails is in the log, and what is in it is not', async () => {
  const store = openSqliteStore(':memory:');
  const commit = () => Promise.reject(new StorageError('the disk is full'));
  const { url, logged } = await start({ store: { ...store, commit } });
  const client = await openClient(`${url}/sync`, 'hunter2');
  cleanups.push(client.terminate);
  await client.push(notes(rowOf('a', { title: 'hunter3' })));
  expect(logged.at(-1)).toEqual(['error', 'A push of default failed: the disk is full', { part: 'hub' }]);
  expect(JSON.stringify(logged)).not.toContain('hunter');
});

async function start(options: ServerOptions = {}) {
  const logged: Parameters<Log>[] = [];
  const server = await createServer({ dataDir: ':memory:', log: (...entry) => logged.push(entry), ...options });
  cleanups.push(() => server.close());
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  return { logged, url: `ws://127.0.0.1:${port}` };
}
