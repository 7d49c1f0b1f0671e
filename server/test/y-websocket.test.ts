import type { Row } from '@breakwater/protocol';
import { afterEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { AuthenticationError } from '../src/identity.ts';
import { type BreakwaterServer, createServer } from '../src/server.ts';
import type { ServerOptions } from '../src/server-options.ts';
import { DAY_MS } from '../src/tombstones.ts';
import { notes, rowOf } from './hub-world.ts';
import { remove, revive } from './note-writes.ts';
import { makeTemporaryDirectory } from './temporary-directory.ts';
import { openClient } from './test-client.ts';
import { openYClient, type YClient, type YClientOptions } from './y-client.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

test('[YW1] text, maps and arrays that one writes the other has', async () => {
  const { url } = await start();
  const [one, two] = [open(url, 'room/lobby'), open(url, 'room/lobby')];
  await Promise.all([one.synced(), two.synced()]);
  one.text.insert(0, 'hello');
  one.doc.getMap('m').set('k', new Y.Map([['nested', 1]]));
  one.doc.getArray('l').push([1, 'two']);
  await two.until(() => two.doc.getArray('l').length === 2);
  expect(two.text.toString()).toBe('hello');
  expect(two.doc.getMap('m').toJSON()).toEqual({ k: { nested: 1 } });
  two.text.insert(5, ' you');
  await one.until(() => one.text.toString() === 'hello you');
});

test("[YW2] a document's text is in its row and comes to followers; ids may hold anything", async () => {
  const { url } = await start();
  const id = 'a/b c?#ü%';
  await makeNote(url, id);
  const follower = await openClient(`${url}/sync`);
  cleanups.push(() => follower.terminate());
  await follower.pull('notes');
  const editor = open(url, `doc/notes/${encodeURIComponent(id)}`);
  await editor.synced();
  editor.text.insert(0, 'typed');
  const news = await follower.next('rows');
  expect(news).toMatchObject({ groups: [{ rows: [{ id, seq: 2, base: 1 }], checkpoint: 2 }] });
});

test('[YW3] each sees the other, until that leaves', async () => {
  const { url } = await start();
  const [one, two] = [open(url, 'room/lobby'), open(url, 'room/lobby')];
  one.provider.awareness.setLocalStateField('name', 'one');
  const stateOfOne = () => two.provider.awareness.getStates().get(one.doc.clientID);
  await two.until(() => stateOfOne()?.name === 'one');
  one.close();
  await two.until(() => stateOfOne() === undefined);
});

test('[YW4] what is written while the link is down comes together when it is back, and each sees the other again at once', async () => {
  const { url } = await start();
  const [one, two] = [open(url, 'room/lobby'), open(url, 'room/lobby')];
  await Promise.all([one.synced(), two.synced()]);
  await two.until(() => two.provider.awareness.getStates().has(one.doc.clientID));
  one.provider.disconnect();
  await two.until(() => !two.provider.awareness.getStates().has(one.doc.clientID));
  one.text.insert(0, 'one');
  two.text.insert(0, 'two');
  one.provider.connect();
  await one.until(() => one.text.length === 6);
  await two.until(() => two.text.length === 6 && two.provider.awareness.getStates().has(one.doc.clientID));
  await one.until(() => one.provider.awareness.getStates().has(two.doc.clientID));
  expect(one.text.toString()).toBe(two.text.toString());
});

test('[YW5] 50 rooms at once do not mix', async () => {
  const { url } = await start();
  const pairs = Array.from({ length: 50 }, (_, i) => [open(url, `room/${i}`), open(url, `room/${i}`)] as const);
  await Promise.all(pairs.flat().map((client) => client.synced()));
  for (const [i, [one]] of pairs.entries()) one.text.insert(0, `room ${i}`);
  await Promise.all(pairs.map(([, two], i) => two.until(() => two.text.toString() === `room ${i}`)));
  expect(new Set(pairs.map(([, two]) => two.text.toString())).size).toBe(50);
});

test('[YW6] a server that restarts has lost nothing, and the clients are back by themselves', async () => {
  const dataDir = temporary();
  const first = await start({ dataDir });
  await makeNote(first.url, 'a');
  const rooms = ['room/lobby', 'doc/notes/a'];
  const clients = rooms.map((room) => [open(first.url, room), open(first.url, room)] as const);
  await Promise.all(clients.flat().map((client) => client.synced()));
  for (const [one] of clients) one.text.insert(0, 'before');
  await Promise.all(clients.map(([, two]) => two.until(() => two.text.toString() === 'before')));
  await first.server.close();
  for (const [one] of clients) one.text.insert(6, ', meanwhile');
  const second = await start({ dataDir }, first.port);
  await Promise.all(clients.map(([, two]) => two.until(() => two.text.toString() === 'before, meanwhile')));
  for (const room of rooms) {
    const late = open(second.url, room);
    await late.synced();
    expect(late.text.toString()).toBe('before, meanwhile');
  }
});

test('[YW7] a token that is not good, and a room that is not there, end it for good', async () => {
  const { url, logged } = await start({
    authenticate: (token) => {
      if (token !== 'good') throw new AuthenticationError('not this one');
      return { tenant: 'acme', user: 'anna' };
    },
  });
  expect(await open(url, 'room/lobby', { token: 'bad-secret' }).closed()).toEqual({
    code: 4401,
    reason: 'not this one',
  });
  expect(await open(url, 'room/lobby').closed()).toMatchObject({ code: 4401 });
  expect(await open(url, 'doc/notes/none', { token: 'good' }).closed()).toMatchObject({ code: 4404 });
  expect(await open(url, 'doc/nothing', { token: 'good' }).closed()).toMatchObject({ code: 4404 });
  expect(await open(url, 'room/%ff', { token: 'good' }).closed()).toMatchObject({ code: 4404 });
  await open(url, 'room/lobby', { token: 'good' }).synced();
  expect(logged.join()).not.toContain('secret');
});

test('[YW8] a session ends with its token', async () => {
  const { url } = await start({
    authenticate: () => ({ tenant: 'acme', user: 'anna', expiresAt: Date.now() + 50 }),
  });
  expect(await open(url, 'room/lobby').closed()).toEqual({ code: 4401, reason: 'the token has expired' });
});

test('[YW9] who may only read does', async () => {
  const { url } = await start({
    authenticate: (user) => ({ tenant: 'acme', user }),
    authorize: ({ user }) => user === 'writer',
  });
  await makeNote(url, 'a', 'writer');
  const writer = open(url, 'doc/notes/a', { token: 'writer' });
  const reader = open(url, 'doc/notes/a', { token: 'reader' });
  const denied = vi.spyOn(console, 'warn').mockImplementation(() => {});
  cleanups.push(() => denied.mockRestore());
  await Promise.all([writer.synced(), reader.synced()]);
  reader.text.insert(0, 'no');
  writer.text.insert(0, 'yes');
  await reader.until(() => reader.text.toString().includes('yes'));
  await writer.until(() => writer.provider.awareness.getStates().has(reader.doc.clientID));
  expect(writer.text.toString()).toBe('yes');
  expect(denied.mock.calls.join()).toContain('may read the document and not write it');
});

test('[YW10] pages of another origin are turned away here too, and there are no other addresses', async () => {
  const { url } = await start();
  expect(await statusOf(`${url}/yjs/room/lobby`, { origin: 'https://evil.example' })).toBe(403);
  expect(await statusOf(`${url}/yjs/room/lobby`, {})).toBe(101);
  expect(await statusOf(`${url}/yjs/elsewhere`, {})).toBe(404);
});

test.each([
  ['', async () => {}],
  [', its tombstone dropped', (server: BreakwaterServer) => server.purgeTombstones({ olderThanMs: DAY_MS })],
])('[YW11] who was away while the document was inserted anew%s, is turned away', async (_name, drop) => {
  let daysLater = 0;
  const { url, server } = await start({ now: () => Date.now() + daysLater * DAY_MS });
  await makeNote(url, 'a');
  const stale = open(url, 'doc/notes/a');
  await stale.synced();
  stale.text.insert(0, 'old text');
  const witness = open(url, 'doc/notes/a');
  await witness.until(() => witness.text.toString() === 'old text');
  witness.close();
  stale.provider.disconnect();
  stale.text.insert(0, 'and more ');
  await push(url, remove('a'));
  daysLater = 2;
  await drop(server);
  await push(url, revive('a', { title: 'again' }));
  const closed = stale.closed();
  stale.provider.connect();
  expect(await closed).toMatchObject({ code: 4410 });
  const fresh = open(url, 'doc/notes/a');
  await fresh.synced();
  expect(fresh.text.toString()).toBe('');
  fresh.text.insert(0, 'new text');
  fresh.provider.disconnect();
  fresh.provider.connect();
  await fresh.synced();
  fresh.text.insert(0, 'its ');
  await open(url, 'doc/notes/a').until(() => fresh.text.toString() === 'its new text');
});

test('[YW12] what was typed before the document was ever in step comes into whichever row there is', async () => {
  const { url } = await start();
  const early = open(url, 'doc/notes/a', { isConnected: false });
  early.text.insert(0, 'early');
  await makeNote(url, 'a');
  await push(url, remove('a'));
  await push(url, revive('a', { title: 'again' }));
  early.provider.connect();
  const other = open(url, 'doc/notes/a');
  await other.until(() => other.text.toString() === 'early');
});

test('[YW13] a client that stores its Yjs document, and sends it as a whole, goes on, after a restart too', async () => {
  const dataDir = temporary();
  const first = await start({ dataDir });
  await makeNote(first.url, 'a');
  const client = open(first.url, 'doc/notes/a');
  await client.synced();
  client.text.insert(0, 'typed');
  client.provider.disconnect();
  client.text.insert(5, ' offline');
  const stored = Y.encodeStateAsUpdate(client.doc);
  client.close();
  await first.server.close();
  const { url } = await start({ dataDir });
  const again = open(url, 'doc/notes/a');
  await again.synced();
  Y.applyUpdate(again.doc, stored);
  again.text.insert(0, 'It was ');
  const other = open(url, 'doc/notes/a');
  await other.until(() => other.text.toString() === 'It was typed offline');
  again.provider.disconnect();
  again.provider.connect();
  await again.synced();
  expect(again.text.toString()).toBe('It was typed offline');
});

async function start(options: ServerOptions = {}, port = 0) {
  const logged: string[] = [];
  const server = await createServer({
    dataDir: temporary(),
    log: (...entry) => logged.push(JSON.stringify(entry)),
    ...options,
  });
  cleanups.push(() => server.close());
  const address = await server.listen({ host: '127.0.0.1', port });
  return { server, logged, port: address.port, url: `ws://127.0.0.1:${address.port}` };
}

/** The status of a handshake. */
function statusOf(url: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, { headers });
    socket.on('upgrade', ({ statusCode }) => resolve(statusCode));
    socket.on('unexpected-response', (_request, { statusCode }) => resolve(statusCode));
    socket.on('open', () => socket.terminate());
    socket.on('error', () => {});
  });
}

function temporary(): string {
  const directory = makeTemporaryDirectory();
  cleanups.push(() => directory.remove());
  return directory.path;
}

function open(url: string, room: string, options: YClientOptions = {}): YClient {
  const client = openYClient(url, room, options);
  cleanups.push(() => client.close());
  return client;
}

async function makeNote(url: string, id: string, token = ''): Promise<void> {
  await push(url, rowOf(id, { title: 'x' }), token);
}

async function push(url: string, row: Row, token = ''): Promise<void> {
  const client = await openClient(`${url}/sync`, token);
  await client.push(notes(row));
  client.terminate();
}
