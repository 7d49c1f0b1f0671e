import { connect } from 'node:net';
import type { Connected } from '@breakwater/protocol';
import { afterEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { readCliCommand } from '../src/cli-options.ts';
import { DEFAULT_LIMITS } from '../src/limits.ts';
import type { LogFields } from '../src/log.ts';
import { createServer } from '../src/server.ts';
import type { ServerOptions } from '../src/server-options.ts';
import { CLOSE_GRACE_MS } from '../src/session.ts';
import { notes, rowOf } from './hub-world.ts';
import { runCli } from './server-process.ts';
import { CONNECT, createSessionWorld } from './session-world.ts';
import { makeTemporaryDirectory } from './temporary-directory.ts';
import { openClient } from './test-client.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const SLOW = { maxMessagesPerSecond: 1, maxBytesPerSecond: 300_000 };
const SENTENCE = 'a session sends at most 1 messages and 300000 bytes a second';

test('[LM2] who sends more messages than it may is told once, and closed with 1008', async () => {
  const world = createSessionWorld({ limits: SLOW });
  await world.goLive();
  for (let request = 1; request <= 30; request++) world.socket.hear({ type: 'ping', request });
  await world.settle();
  expect(world.socket.events.slice(-3)).toEqual(['error', 'resume', `close 1008 ${SENTENCE}`]);
  expect(world.socket.sent.at(-1)).toEqual({ type: 'error', request: 0, code: 'rate-exceeded', message: SENTENCE });
  expect(world.offences).toEqual(['rate']);
});

test('[LM2] bytes, pings and pongs of the websocket count, too, and before connected', async () => {
  for (const flood of ['ping', 'pong'] as const) {
    const { socket, offences } = createSessionWorld({ limits: SLOW });
    for (let i = 0; i < 11; i++) socket.emit(flood, Buffer.alloc(100));
    expect(offences, flood).toEqual(['rate']);
  }
  const world = createSessionWorld({ limits: { ...SLOW, maxMessagesPerSecond: 1_000 } });
  await world.goLive();
  for (let i = 0; i < 3; i++) world.socket.hear(push(990_000));
  expect(world.offences).toEqual([]);
  world.socket.hear(push(1_000_000));
  expect(world.offences).toEqual(['rate']);
});

test('[LM2] who keeps to it is served for good', async () => {
  const world = createSessionWorld({ limits: SLOW });
  await world.goLive();
  for (let request = 1; request <= 100; request++) {
    world.socket.hear({ type: 'ping', request });
    world.scheduler.advance(1_000);
  }
  await world.settle();
  expect(world.socket.sent.filter(({ type }) => type === 'pong')).toHaveLength(100);
});

test('[LM9] pings are answered, unless their answers are not read', () => {
  const { socket } = createSessionWorld();
  socket.emit('ping', Buffer.alloc(1));
  socket.bufferedAmount = 2 ** 20 + 1;
  socket.emit('ping', Buffer.alloc(1));
  expect(socket.events).toEqual(['pong']);
});

test('[LM10] a socket whose frames are broken is gone 5 s later, and its session at once', async () => {
  const world = createSessionWorld();
  await world.goLive();
  world.socket.emit('error', Object.assign(new Error('x'), { code: 'WS_ERR_UNEXPECTED_RSV_1' }));
  expect(world.offences).toEqual(['malformed']);
  expect(world.left).toEqual(['place']);
  world.scheduler.advance(CLOSE_GRACE_MS - 1);
  expect(world.socket.events).toEqual([]);
  world.scheduler.advance(1);
  expect(world.socket.events).toEqual(['terminate']);
});

test('[LM5] a user with as many connections as there may be is told why, and when to come again', async () => {
  const world = createSessionWorld({ hasPlace: false });
  world.socket.hear(CONNECT);
  await world.settle();
  expect(world.socket.sent).toEqual([
    expect.objectContaining({ type: 'error', request: 0, code: 'too-many-connections' }),
  ]);
  expect(world.socket.events.at(-1)).toBe('close 1013 retry-after=30000');
});

test('[LM5] connections are counted by address, by user and in all; who leaves makes room', async () => {
  const { url, lines } = await start({
    authenticate: (user) => ({ tenant: 't', user }),
    connections: { max: 4, maxPerAddress: 3, maxPerUser: 2 },
    trustedProxies: ['127.0.0.1'],
  });
  const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });
  const [first] = await Promise.all([live(url, 'ada'), live(url, 'ada')]);
  await expect(live(url, 'ada')).rejects.toThrow('closed with 1013 retry-after=30000');
  await vi.waitFor(() => live(url, 'bob'));
  expect(await answerOf(url)).toEqual([429, '3 connections come from this address']);
  expect(await answerOf(url, from('192.0.2.1'))).toEqual([101, '']);
  expect(await answerOf(url, from('192.0.2.3'))).toEqual([503, 'the server has no room for another connection']);
  first.terminate();
  await vi.waitFor(() => live(url, 'ada'));
  const offences = lines.map(({ offence }) => offence);
  expect(offences).toEqual(['connections-of-user', 'connections-of-address', 'connections']);
});

test('[LM5] rooms of y-websocket clients are counted with them', async () => {
  const { url } = await start({ authenticate: (user) => ({ tenant: 't', user }), connections: { maxPerUser: 1 } });
  await live(url, 'ada');
  const socket = new WebSocket(`${url.replace('/sync', '/yjs/room/lobby')}?token=ada`);
  const closed = await new Promise((resolve) => socket.once('close', (code) => resolve(code)));
  expect(closed).toBe(1013);
});

test('[LM5] where everybody is the same user, users are not counted', async () => {
  const { url } = await start({ connections: { maxPerUser: 1 } });
  await live(url, 'ada');
  await expect(live(url, 'bob')).resolves.toBeDefined();
});

test('[LM5] an address that opens more than that without a word is cut off, and a proxy is not', async () => {
  for (const [trustedProxies, status] of [
    [[], 'refused'],
    [['127.0.0.1'], 'ok'],
  ] as const) {
    const { port, url } = await start({ connections: { maxPerAddress: 1 }, trustedProxies });
    const idle = Array.from({ length: 101 }, () => openIdle(port));
    await Promise.all(idle);
    const answer = await fetch(url.replace('ws:', 'http:').replace('/sync', '/health')).then(
      ({ ok }) => (ok ? 'ok' : 'no'),
      () => 'refused',
    );
    expect(answer).toBe(status);
  }
});

test('[LM3] connected says the limits', async () => {
  const { url } = await start({ limits: { maxMessagesPerSecond: 77, maxBytesPerSecond: 1_000_000 } });
  const { connected } = await live(url);
  expect(connected.limits).toEqual({ ...DEFAULT_LIMITS, maxMessagesPerSecond: 77, maxBytesPerSecond: 1_000_000 });
});

test('[LM7] limits that make no sense are errors that name them', async () => {
  const starting = (options: ServerOptions) => createServer({ dataDir: ':memory:', ...options });
  await expect(starting({ limits: { maxPushRows: 0 } })).rejects.toThrow('limits.maxPushRows is 0; it is a whole');
  await expect(starting({ limits: { maxBytesPerSecond: 1_000 } })).rejects.toThrow('make it at least 209716');
  await expect(starting({ connections: { max: 0.5 } })).rejects.toThrow('connections.max is 0.5; it is a whole number');
  await expect(starting({ trustedProxies: ['me'] })).rejects.toMatchObject({ name: 'ServerOptionsError' });
});

test('[LM7] the environment sets them, and the program names what it cannot mean', async () => {
  const { options } = readCliCommand([], {
    BREAKWATER_MAX_CONNECTIONS: '9',
    BREAKWATER_MAX_CONNECTIONS_PER_ADDRESS: '8',
    BREAKWATER_MAX_CONNECTIONS_PER_USER: '7',
    BREAKWATER_MAX_MESSAGES_PER_SECOND: '6',
    BREAKWATER_MAX_ROW_BYTES: '5000',
    BREAKWATER_TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8',
    BREAKWATER_ALLOWED_ORIGINS: 'https://app.example',
  }) as { options: unknown };
  expect(options).toMatchObject({
    connections: { max: 9, maxPerAddress: 8, maxPerUser: 7 },
    limits: { maxMessagesPerSecond: 6, maxRowBytes: 5_000 },
    trustedProxies: ['127.0.0.1', '10.0.0.0/8'],
    allowedOrigins: ['https://app.example'],
  });
  expect(() => readCliCommand([], { BREAKWATER_MAX_CONNECTIONS: '0' })).toThrow('BREAKWATER_MAX_CONNECTIONS is');
  const directory = makeTemporaryDirectory();
  cleanups.push(directory.remove);
  const { code, stderr } = await runCli({
    cwd: directory.path,
    env: { PORT: '0', BREAKWATER_MAX_BYTES_PER_SECOND: '1' },
  });
  expect({ code, lines: stderr.split('\n').length }).toEqual({ code: 1, lines: 2 });
});

function push(bytes: number) {
  return { type: 'push', request: 1, atomic: false, groups: [notes(rowOf('a', { text: 'x'.repeat(bytes) }))] } as const;
}

async function start(options: ServerOptions) {
  const lines: LogFields[] = [];
  const server = await createServer({
    dataDir: ':memory:',
    log: (level, _, fields = {}) => level === 'warn' && lines.push(fields),
    ...options,
  });
  cleanups.push(() => server.close());
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  return { server, port, lines, url: `ws://127.0.0.1:${port}/sync` };
}

async function live(url: string, token = ''): Promise<{ connected: Connected; terminate(): void }> {
  const client = await openClient(url, token);
  cleanups.push(client.terminate);
  return client;
}

/** The status of the handshake, and what is said with it. */
function answerOf(url: string, options: { headers?: Record<string, string> } = {}): Promise<[number, string]> {
  const socket = new WebSocket(url, options);
  socket.on('error', () => {});
  return new Promise((resolve) => {
    socket.once('unexpected-response', (_, response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve([response.statusCode ?? 0, text]));
    });
    socket.once('open', () => {
      cleanups.push(() => socket.terminate());
      resolve([101, '']);
    });
  });
}

function openIdle(port: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', resolve);
    socket.on('error', () => {});
    cleanups.push(() => socket.destroy());
  });
}
