import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { readCliCommand } from '../src/cli-options.ts';
import { createPathPrefix } from '../src/path-prefix.ts';
import { createServer } from '../src/server.ts';
import { makeTemporaryDirectory } from './temporary-directory.ts';
import { openClient } from './test-client.ts';
import { openYClient } from './y-client.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

test('[SV15] behind a prefix are sessions, rooms and files, and nothing beside it', async () => {
  const { base } = await start('/sea/breakwater');
  const client = await openClient(`ws://${base}/sea/breakwater/sync`);
  cleanups.push(client.terminate);
  expect(await client.ping()).toMatchObject({ type: 'pong' });
  const room = openYClient(`ws://${base}/sea/breakwater`, 'room/lobby');
  cleanups.push(() => room.close());
  await room.synced();
  for (const path of ['/sync', '/sea/sync', '/sea/breakwaters/sync', '/sea/breakwater/sea/breakwater/sync', '//sync']) {
    expect(await statusOf(`ws://${base}${path}`), path).toBe(404);
  }
  const get = async (path: string) => {
    const response = await fetch(`http://${base}${path}`, { redirect: 'manual' });
    return [response.status, response.headers.get('location') ?? (await response.text())];
  };
  expect(await get('/sea/breakwater/')).toEqual([200, 'hello']);
  expect(await get('/sea/breakwater')).toEqual([308, '/sea/breakwater/']);
  expect((await get('/'))[0]).toBe(404);
  expect((await get('/index.html'))[0]).toBe(404);
});

test('[SV15] health and readiness are answered with it and without', async () => {
  const { base } = await start('/app');
  for (const path of ['/health', '/app/health', '/ready', '/app/ready']) {
    expect((await fetch(`http://${base}${path}`)).status, path).toBe(200);
  }
});

test('[SV15] the environment names it, and what is no path is refused by name', () => {
  expect(readCliCommand([], { BREAKWATER_PATH_PREFIX: '/app' })).toMatchObject({ options: { pathPrefix: '/app' } });
  for (const prefix of ['app', '/app/', '/', '//app', '/a b', '/app?x', '/..', '/a/../b', 'http://x/app']) {
    expect(() => createPathPrefix(prefix), prefix).toThrow(`'${prefix}' of BREAKWATER_PATH_PREFIX`);
  }
});

async function start(pathPrefix: string) {
  const directory = makeTemporaryDirectory();
  cleanups.push(directory.remove);
  mkdirSync(join(directory.path, 'site'));
  writeFileSync(join(directory.path, 'site/index.html'), 'hello');
  const staticDir = join(directory.path, 'site');
  const server = await createServer({ dataDir: ':memory:', log: () => {}, staticDir, pathPrefix });
  cleanups.push(() => server.close());
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  return { base: `127.0.0.1:${port}` };
}

function statusOf(url: string): Promise<number | undefined> {
  const socket = new WebSocket(url);
  socket.on('error', () => {});
  cleanups.push(() => socket.terminate());
  return new Promise((resolve) => {
    socket.once('unexpected-response', (_, { statusCode }) => resolve(statusCode));
    socket.once('open', () => resolve(101));
  });
}
