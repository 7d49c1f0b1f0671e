import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, test, vi } from 'vitest';
import { readCliCommand } from '../src/cli-options.ts';
import { createServer } from '../src/server.ts';
import type { ServerOptions } from '../src/server-options.ts';
import { openSqliteStore } from '../src/sqlite-store.ts';
import type { Store } from '../src/store.ts';
import { noise, rowWith } from './blob-world.ts';
import { notes, rowOf } from './hub-world.ts';
import { startCli } from './server-process.ts';
import { makeTemporaryDirectory } from './temporary-directory.ts';
import { openClient } from './test-client.ts';
import { openYClient } from './y-client.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

test('[OP4] a server is alive and ready; after a commit that may be on the disk or not it is not ready any more', async () => {
  const { base, url } = await start();
  const client = await live(url);
  expect(await get(`${base}/ready`)).toEqual([200, 'ready']);
  const healing = failCommits();
  expect(await client.push(notes(rowOf('a', {})))).toMatchObject({ type: 'error', code: 'storage-failed' });
  healing();
  const reason = expect.stringMatching(/^a commit failed and may be on the disk or not \(disk I\/O error\); restart/);
  expect(await get(`${base}/ready`)).toEqual([503, reason]);
  expect(await client.push(notes(rowOf('b', {})))).toMatchObject({ code: 'storage-failed' });
  expect(await get(`${base}/ready`)).toEqual([503, reason]);
  expect(await get(`${base}/health`)).toEqual([200, 'ok']);
  expect(await client.pull('notes')).toMatchObject({ type: 'page', group: { rows: [] } });
});

test('[OP4] while it stops it is not ready, and takes nobody', async () => {
  const inner = openSqliteStore(':memory:');
  const gate = Promise.withResolvers<void>();
  const fold: Store['rooms']['fold'] = async (...args) => {
    await gate.promise;
    return await inner.rooms.fold(...args);
  };
  const { server, base, url } = await start({ store: { ...inner, rooms: { ...inner.rooms, fold } } });
  cleanups.push(() => gate.resolve());
  const writer = openYClient(base.replace('http', 'ws'), 'room/lobby');
  cleanups.push(() => writer.close());
  await writer.synced();
  writer.text.insert(0, 'typed');
  await vi.waitFor(() => expect(inner.rooms.load('default', LOBBY).last).toBe(1));
  const closed = server.close();
  expect(await get(`${base}/ready`)).toEqual([503, 'the server is stopping']);
  await expect(openClient(url)).rejects.toThrow('503');
  gate.resolve();
  await closed;
  await expect(fetch(`${base}/ready`)).rejects.toThrow();
});

test('[OP5] the figures are at a port of their own, on loopback, and nowhere else', async () => {
  const { server, base } = await start({ metrics: { port: 0 } });
  expect(server.metricsAddress).toEqual({ host: 'localhost', port: expect.any(Number) });
  const metrics = `http://localhost:${server.metricsAddress?.port}`;
  const response = await fetch(`${metrics}/metrics`);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(await response.text()).toContain('\nbreakwater_store_writable 1\n');
  expect((await get(`${metrics}/health`))[0]).toBe(404);
  expect((await get(`${base}/metrics`))[0]).toBe(404);
  await server.close();
  expect(server.metricsAddress).toBeUndefined();
  await expect(fetch(`${metrics}/metrics`)).rejects.toThrow();
});

test('[OP5] without the option there are none; a port that is taken is named', async () => {
  expect((await start()).server.metricsAddress).toBeUndefined();
  const other = createTcpServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => other.close());
  const { port } = other.address() as AddressInfo;
  const server = await createServer({ dataDir: ':memory:', log: () => {}, metrics: { host: '127.0.0.1', port } });
  cleanups.push(() => server.close());
  await expect(server.listen({ host: '127.0.0.1', port: 0 })).rejects.toMatchObject({
    name: 'ServerOptionsError',
    message: expect.stringMatching(/^Metrics cannot be served at port \d+ .*EADDRINUSE.* BREAKWATER_METRICS_PORT/),
  });
  expect(server.address).toBeUndefined();
});

test('[OP5] the environment says where, and the program says so too', async () => {
  const options = (env: NodeJS.ProcessEnv) => readCliCommand([], env);
  expect(options({ BREAKWATER_METRICS_HOST: 'h' })).toMatchObject({ options: { metrics: undefined } });
  expect(options({ BREAKWATER_METRICS_PORT: '9', BREAKWATER_METRICS_HOST: 'h' })).toMatchObject({
    options: { metrics: { host: 'h', port: 9 } },
  });
  expect(() => options({ BREAKWATER_METRICS_PORT: 'x' })).toThrow("BREAKWATER_METRICS_PORT is 'x'; set it to a number");
  const directory = makeTemporaryDirectory();
  cleanups.push(directory.remove);
  const server = await startCli({ cwd: directory.path, env: { BREAKWATER_METRICS_PORT: '0' } });
  const { stdout } = await server.kill('SIGTERM');
  expect(stdout).toMatch(/\nMetrics are at http:\/\/localhost:\d+\/metrics\n$/);
});

test('[OP6] rows, refusals, commits, blobs, bytes, sessions and rooms are counted', async () => {
  const { server, base, url } = await start({
    metrics: { port: 0 },
    collections: ['notes'],
    limits: { maxPushRows: 3 },
  });
  const figure = async (name: string) => {
    const text = await (await fetch(`http://localhost:${server.metricsAddress?.port}/metrics`)).text();
    return Number(new RegExp(`^${name.replace(/[{}]/g, '\\$&')} (\\S+)$`, 'm').exec(text)?.[1]);
  };
  const [writer, reader] = [await live(url), await live(url)];
  await reader.pull('notes');
  const picture = noise(10);
  await writer.push(notes(rowOf('a', {}), rowWith('b', { picture })), { ...notes(rowOf('c', {})), collection: 'x' });
  await reader.next('rows');
  await (await live(url)).pull('notes');
  await writer.push(notes(...['d', 'e', 'f', 'g'].map((id) => rowOf(id, {}))));
  const { digest, bytes } = picture;
  await writer.ask((request) => ({ type: 'blob-put', request, digest, offset: 0, bytes }));
  await reader.ask((request) => ({ type: 'blob-get', request, ...NOTE_B, digest, offset: 0, maxBytes: 10 }));
  const room = openYClient(base.replace('http', 'ws'), 'room/lobby');
  cleanups.push(() => room.close());
  await room.synced();

  expect(await figure('breakwater_rows_in_total')).toBe(3);
  // Told to the reader as they came, and a page of the third.
  expect(await figure('breakwater_rows_out_total')).toBe(4);
  expect(await figure('breakwater_rows_refused_total{code="unknown-collection"}')).toBe(1);
  expect(await figure('breakwater_pushes_refused_total{code="invalid-request"}')).toBe(1);
  expect(await figure('breakwater_commit_seconds_count')).toBe(1);
  expect(await figure('breakwater_blob_pieces_total{direction="in"}')).toBe(1);
  expect(await figure('breakwater_blob_pieces_total{direction="out"}')).toBe(1);
  expect(await figure('breakwater_sessions')).toBe(4);
  expect(await figure('breakwater_rooms')).toBe(1);
  expect(await figure('breakwater_event_loop_lag_seconds{quantile="0.99"}')).toBeGreaterThanOrEqual(0);
  expect(await figure('process_resident_memory_bytes')).toBeGreaterThan(1_000_000);
});

test('[OP6] bytes are counted while a socket is open and stay counted when it is closed', async () => {
  const { server, url } = await start({ metrics: { port: 0 } });
  const figures = async () => {
    const text = await (await fetch(`http://localhost:${server.metricsAddress?.port}/metrics`)).text();
    return ['in', 'out'].map((way) =>
      Number(new RegExp(`^breakwater_bytes_${way}_total (\\d+)$`, 'm').exec(text)?.[1]),
    );
  };
  expect(await figures()).toEqual([0, 0]);
  const client = await live(url);
  await client.push(notes(rowOf('a', { title: 'x'.repeat(10_000) })));
  await client.pull('notes');
  const [read = 0, written = 0] = await figures();
  expect(Math.min(read, written)).toBeGreaterThan(10_000);
  client.terminate();
  await vi.waitFor(async () => expect(await sessionsOf(server.metricsAddress?.port)).toBe(0));
  const [readAfter = 0, writtenAfter = 0] = await figures();
  expect(readAfter).toBeGreaterThanOrEqual(read);
  expect(writtenAfter).toBeGreaterThanOrEqual(written);
});

test('[OP6] a store that takes no writes shows', async () => {
  const { server, url } = await start({ metrics: { port: 0 } });
  const client = await live(url);
  const healing = failCommits();
  await client.push(notes(rowOf('a', {})));
  healing();
  const text = await (await fetch(`http://localhost:${server.metricsAddress?.port}/metrics`)).text();
  expect(text).toContain('\nbreakwater_store_writable 0\n');
  expect(text).toContain('\nbreakwater_pushes_refused_total{code="storage-failed"} 1\n');
  expect(text).toContain('\nbreakwater_commit_seconds_count 0\n');
});

const LOBBY = { collection: '', id: 'lobby', generation: '' };
const NOTE_B = { collection: 'notes', id: 'b' };

/** As a disk that is breaking. The answer ends it. */
function failCommits(): () => void {
  const { exec } = DatabaseSync.prototype;
  const spy = vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (this: DatabaseSync, sql) {
    if (sql === 'COMMIT') throw Object.assign(new Error('disk I/O error'), { errcode: 10 });
    exec.call(this, sql);
  });
  cleanups.push(() => spy.mockRestore());
  return () => spy.mockRestore();
}

async function sessionsOf(port: number | undefined): Promise<number> {
  const text = await (await fetch(`http://localhost:${port}/metrics`)).text();
  return Number(/^breakwater_sessions (\d+)$/m.exec(text)?.[1]);
}

async function get(url: string): Promise<[number, string]> {
  const response = await fetch(url);
  return [response.status, await response.text()];
}

async function start(options: ServerOptions = {}) {
  const directory = makeTemporaryDirectory();
  cleanups.push(directory.remove);
  const server = await createServer({ dataDir: directory.path, log: () => {}, ...options });
  cleanups.push(() => server.close());
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  return { server, base: `http://127.0.0.1:${port}`, url: `ws://127.0.0.1:${port}/sync` };
}

async function live(url: string) {
  const client = await openClient(url);
  cleanups.push(client.terminate);
  return client;
}
