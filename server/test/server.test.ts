import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { DELETED, encodeState } from '@breakwater/crdt';
import { afterEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createServer } from '../src/server.ts';
import type { ServerOptions } from '../src/server-options.ts';
import { openSqliteStore } from '../src/sqlite-store.ts';
import type { Store } from '../src/store.ts';
import { deltaOf, notes, rowOf, stateOf } from './hub-world.ts';
import { makeTemporaryDirectory } from './temporary-directory.ts';
import { openClient } from './test-client.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

test('[SV1] a write of one client reaches the other over real sockets', async () => {
  const { url } = await start();
  const [writer, reader] = [await live(url), await live(url)];
  await reader.pull('notes');
  expect(await writer.push(notes(rowOf('a', { title: 'x' })))).toMatchObject({ groups: [{ results: [{ seq: 1 }] }] });
  expect(await reader.next('rows')).toMatchObject({ groups: [{ rows: [{ id: 'a' }], checkpoint: 1 }] });
});

test('[SV2] a restart keeps every row, the seqs and who the server is', async () => {
  const directory = temporary();
  const first = await start({ dataDir: directory });
  const before = await live(first.url);
  await before.push(notes(rowOf('a', { title: 'x' })));
  await first.server.close();
  const second = await start({ dataDir: directory });
  const after = await live(second.url);
  expect(after.connected).toMatchObject({ serverId: before.connected.serverId, epoch: before.connected.epoch });
  expect(await after.pull('notes')).toMatchObject({ group: { rows: [{ id: 'a', seq: 1 }], checkpoint: 1 } });
  expect(await after.push(notes(rowOf('b', {})))).toMatchObject({ groups: [{ results: [{ seq: 2 }] }] });
});

test('[SV3] closing tells every client when to come back, takes nobody new and closes the store', async () => {
  const store = openSqliteStore(':memory:');
  const { server, url } = await start({ store });
  const client = await live(url);
  await server.close();
  expect(await client.closed).toMatchObject({ code: 1013, reason: expect.stringMatching(/^retry-after=\d+$/) });
  expect(server.address).toBeUndefined();
  expect(() => store.head('t', 'c')).toThrow();
  await expect(live(url)).rejects.toThrow('ECONNREFUSED');
});

test('[SV4] localhost means both of its addresses', async () => {
  const { port } = await start({}, 'localhost');
  expect(await (await fetch(`http://127.0.0.1:${port}/health`)).text()).toBe('ok');
  expect(await (await fetch(`http://localhost:${port}/health`)).text()).toBe('ok');
});

test('[SV5] pages of another origin are turned away; the own host, listed ones and programs are not', async () => {
  const own = await start();
  const host = `127.0.0.1:${own.port}`;
  for (const origin of [
    'https://evil.example',
    'null',
    `http://127.0.0.1:${own.port + 1}`,
    `http://${host}.evil.example`,
  ]) {
    expect(await statusOf(own.url, { origin }), origin).toBe(403);
  }
  expect(await statusOf(own.url, { origin: `http://${host}` })).toBe(101);
  expect(await statusOf(own.url, {})).toBe(101);
  const listed = await start({ allowedOrigins: ['https://app.example'] });
  expect(await statusOf(listed.url, { origin: 'https://app.example' })).toBe(101);
  expect(await statusOf(listed.url, { origin: `http://127.0.0.1:${listed.port}` })).toBe(403);
});

test('[SV6] there is one address for sockets', async () => {
  const { url } = await start();
  expect(await statusOf(`${url}/more`, {})).toBe(404);
  expect(await statusOf(`${url}?token=x`, {})).toBe(101);
});

test('[SV7] a message larger than the limit closes its socket with 1009 and nobody else’s', async () => {
  const { url } = await start();
  const [attacker, other] = [await live(url), await live(url)];
  attacker.sendFrame(new Uint8Array(1024 * 1024 + 1));
  expect((await attacker.closed).code).toBe(1009);
  expect(await other.ping()).toMatchObject({ type: 'pong' });
});

test('[SV7] before connected a frame that never ends is cut off long before that', async () => {
  const { url } = await start();
  const socket = new WebSocket(url);
  await new Promise((resolve) => socket.once('open', resolve));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => {});
  socket.send(new Uint8Array(60 * 1024), { fin: false });
  expect(await closed).toBe(1009);
});

test('[SV8] broken frames, broken handshakes and sockets that vanish harm nobody else', async () => {
  const { url, port } = await start();
  const other = await live(url);
  const [nonsense, handshake, frame, reset] = await Promise.all([
    openTcp(port),
    openTcp(port),
    openTcp(port),
    openTcp(port),
  ]);
  nonsense.end('nonsense\r\n\r\n');
  handshake.write('GET /sync HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
  frame.write(UPGRADE);
  frame.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
  reset.write(UPGRADE);
  reset.resetAndDestroy();
  const vanishing = await live(url);
  vanishing.terminate();
  expect(await text(nonsense)).toContain('400 Bad Request');
  expect(await text(handshake)).toContain('400 Bad Request');
  expect(await text(frame)).toContain('101 Switching Protocols');
  expect(await other.ping()).toMatchObject({ type: 'pong' });
});

test('[SV9] over HTTP there is the health, the files, and nothing else', async () => {
  const directory = temporary();
  mkdirSync(join(directory, 'site/assets'), { recursive: true });
  writeFileSync(join(directory, 'site/index.html'), '<title>demo</title>');
  writeFileSync(join(directory, 'site/assets/index-B9xQ2_aZ.js'), 'run()');
  writeFileSync(join(directory, 'site/assets/empty.txt'), '');
  const { port } = await start({ staticDir: join(directory, 'site') });
  const get = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init);
  const index = await get('/');
  expect([
    index.status,
    index.headers.get('content-type'),
    index.headers.get('cache-control'),
    await index.text(),
  ]).toEqual([200, 'text/html; charset=utf-8', 'no-cache', '<title>demo</title>']);
  expect((await get('/', { headers: { 'if-none-match': index.headers.get('etag') ?? '' } })).status).toBe(304);
  const script = await get('/assets/index-B9xQ2_aZ.js?x#y');
  expect([script.headers.get('content-type'), script.headers.get('cache-control')]).toEqual([
    'text/javascript; charset=utf-8',
    'public, max-age=31536000, immutable',
  ]);
  const head = await get('/assets/empty.txt', { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '0', '']);
  expect(await (await get('/assets/empty.txt')).text()).toBe('');
  expect((await get('/nope.html')).status).toBe(404);
  expect((await get('/assets')).status).toBe(404);
  expect((await get('/', { method: 'POST' })).status).toBe(405);
});

test('[SV10] no path leads out of the directory of files', async () => {
  const directory = temporary();
  mkdirSync(join(directory, 'site'));
  mkdirSync(join(directory, 'site-secret'));
  writeFileSync(join(directory, 'secret.txt'), 'secret');
  writeFileSync(join(directory, 'site-secret/secret.txt'), 'secret');
  writeFileSync(join(directory, 'site/.env'), 'secret');
  symlinkSync(join(directory, 'secret.txt'), join(directory, 'site/link.txt'));
  const { port } = await start({ staticDir: join(directory, 'site') });
  const paths = ['/../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt', '/%2e%2e%2fsecret.txt', '/..\\secret.txt'];
  paths.push('/../site-secret/secret.txt', '/.env', '/link.txt', '/%00', '/%', '//secret.txt', '/a/../../secret.txt');
  for (const path of paths) expect(await rawGet(port, path), path).toMatch(/^HTTP\/1.1 404 /);
});

test('[HB32] a server shrinks its old tombstones by itself', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  cleanups.push(() => vi.useRealTimers());
  let time = 1_700_000_000_000;
  const now = () => time;
  const store = openSqliteStore(':memory:', { now });
  await putTombstone(store);
  time += 8 * DAY_MS;
  const server = await createServer({ store, now, tombstones: { shrinkAfterDays: 7 } });
  cleanups.push(() => server.close());
  expect(bytesOf(store)).toBeGreaterThan(100);
  vi.advanceTimersByTime(60_000);
  await vi.waitFor(() => expect(bytesOf(store)).toBeLessThan(50));
});

test('[HB33] a server whose option makes no sense does not start, and leaves the data alone', async () => {
  const dataDir = join(temporary(), 'data');
  const starting = createServer({ dataDir, tombstones: { shrinkAfterDays: 0 } });
  await expect(starting).rejects.toThrow(/^tombstones\.shrinkAfterDays is 0; it is a number of days from 1/);
  expect(existsSync(dataDir)).toBe(false);
});

test('[HB34] a running server purges when it is told to, and whoever comes back from before it is told', async () => {
  // From the real time on: what is pushed is stamped by it.
  let time = Date.now();
  const now = () => time;
  const { server, url } = await start({ now });
  const client = await live(url);
  await client.push(notes(rowOf('a', {}), rowOf('b', {})));
  await client.push(notes(deltaOf('a', { [DELETED]: true }, 1)));
  time += 2 * DAY_MS;
  await expect(server.purgeTombstones({ olderThanMs: 1_000 })).rejects.toThrow('olderThanMs is 1000');
  expect(await server.purgeTombstones({ olderThanMs: DAY_MS })).toBe(1);
  expect(await client.pull('notes', 2)).toMatchObject({ type: 'error', code: 'checkpoint-purged' });
  expect(await client.pull('notes', 0)).toMatchObject({ group: { rows: [{ id: 'b' }], checkpoint: 3 } });
});

const DAY_MS = 86_400_000;

async function putTombstone(store: Store): Promise<void> {
  const state = encodeState(stateOf({ body: 'x'.repeat(200), [DELETED]: true }));
  const write = { ...TOMBSTONE, deleted: true, doc: '{}', state, labels: ['default'] };
  await store.commit('default', [TOMBSTONE], () => ({ writes: [write], result: 0 }));
}

const TOMBSTONE = { collection: 'notes', id: 'a' };

function bytesOf(store: Store): number {
  return store.row('default', TOMBSTONE)?.state.length ?? 0;
}

const UPGRADE =
  'GET /sync HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

async function start(options: ServerOptions = {}, host = '127.0.0.1') {
  const hasData = options.store !== undefined || options.dataDir !== undefined;
  const server = await createServer({ ...(hasData ? {} : { dataDir: ':memory:' }), log: () => {}, ...options });
  cleanups.push(() => server.close());
  const { port } = await server.listen({ host, port: 0 });
  return { server, port, url: `ws://127.0.0.1:${port}/sync` };
}

function temporary(): string {
  const directory = makeTemporaryDirectory();
  cleanups.push(directory.remove);
  return directory.path;
}

async function live(url: string) {
  const client = await openClient(url);
  cleanups.push(client.terminate);
  return client;
}

function statusOf(url: string, options: { origin?: string }): Promise<number | undefined> {
  const socket = new WebSocket(url, options);
  socket.on('error', () => {});
  return new Promise((resolve) => {
    socket.once('unexpected-response', (_, response) => {
      resolve(response.statusCode);
      socket.terminate();
    });
    socket.once('open', () => {
      resolve(101);
      socket.terminate();
    });
  });
}

async function rawGet(port: number, path: string): Promise<string> {
  const socket = await openTcp(port);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  return await text(socket);
}

function openTcp(port: number): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connectTcp(port, '127.0.0.1', () => resolve(socket));
    socket.on('error', () => {});
    cleanups.push(() => socket.destroy());
  });
}
