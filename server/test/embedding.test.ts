import { createServer as createHttpServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { CommitInfo, SessionInfo } from '../src/hooks.ts';
import { createServer } from '../src/server.ts';
import type { ServerOptions } from '../src/server-options.ts';
import { openSqliteStore } from '../src/sqlite-store.ts';
import { notes } from './hub-world.ts';
import { noteDefinitions } from './note-definitions.ts';
import { insert, remove, update } from './note-writes.ts';
import { openClient } from './test-client.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const byToken = (token: string) => ({ tenant: 'acme', user: token, labels: ['acme'] });

async function embed(options: ServerOptions = {}) {
  const logged: string[] = [];
  const log = (_level: string, message: string) => logged.push(message);
  const server = await createServer({
    store: openSqliteStore(':memory:'),
    authenticate: byToken,
    collections: noteDefinitions,
    log: log as NonNullable<ServerOptions['log']>,
    ...options,
  });
  cleanups.push(() => server.close());
  return { server, logged };
}

async function listen(http: Server): Promise<number> {
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    http.closeAllConnections();
    http.close();
  });
  return (http.address() as AddressInfo).port;
}

/** A device, live on the server. */
async function live(server: Awaited<ReturnType<typeof embed>>['server'], token = 'anna') {
  const { port } = server.address ?? (await server.listen({ host: '127.0.0.1', port: 0 }));
  const client = await openClient(`ws://127.0.0.1:${port}/sync`, token);
  cleanups.push(() => client.terminate());
  return client;
}

describe('attached to an HTTP server', () => {
  test('[EM1] it takes its own websockets, and nothing else', async () => {
    const { server } = await embed();
    const http = createHttpServer((_request, response) => response.end('the app'));
    const chat = new WebSocketServer({ noServer: true });
    http.on('upgrade', (request, socket, head) => {
      if (request.url === '/chat')
        chat.handleUpgrade(request, socket, head, (websocket) => websocket.close(4000, 'chat'));
    });
    server.attach(http);
    const port = await listen(http);
    const client = await openClient(`ws://127.0.0.1:${port}/sync`, 'anna');
    expect(client.connected).toMatchObject({ tenant: 'acme', user: 'anna' });
    expect(await (await fetch(`http://127.0.0.1:${port}/health`)).text()).toBe('the app');
    const other = new WebSocket(`ws://127.0.0.1:${port}/chat`);
    expect(await new Promise((resolve) => other.on('close', resolve))).toBe(4000);
    await server.close();
    expect(await client.closed).toMatchObject({ code: 1013 });
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('the app');
    expect(http.listenerCount('upgrade')).toBe(1);
  });

  test('[EM1] what nobody else takes is answered 404', async () => {
    const { server } = await embed();
    const http = createHttpServer();
    server.attach(http);
    const port = await listen(http);
    const other = new WebSocket(`ws://127.0.0.1:${port}/chat`);
    expect(String(await new Promise((resolve) => other.on('error', resolve)))).toContain('404');
  });

  test('[EM1] with nobody asked for a token it has to be open', async () => {
    const store = openSqliteStore(':memory:');
    const server = await createServer({ store, log: () => {} });
    cleanups.push(() => server.close());
    expect(() => server.attach(createHttpServer())).toThrow(/Nobody would be asked for a token at an HTTP server/);
  });
});

describe('the hooks', () => {
  test('[EM2] hear of sessions and commits', async () => {
    const heard: unknown[] = [];
    const { server } = await embed({
      onConnect: ({ id, path, tenant, user, labels }) => void heard.push(['connect', id, path, tenant, user, labels]),
      onRows: ({ tenant, rows }) => void heard.push(['rows', tenant, ...rows]),
      onClose: ({ id }, code) => void heard.push(['close', id, code]),
    });
    const client = await live(server);
    await client.push(notes(insert('a', {})));
    await client.push(notes(insert('a', {})), notes(remove('none')));
    client.terminate();
    await expect.poll(() => heard.at(-1)).toEqual(['close', 1, expect.any(Number)]);
    const about = { collection: 'notes', id: 'a', deleted: false, labels: ['acme'] };
    expect(heard.slice(0, 2)).toEqual([
      ['connect', 1, '/sync', 'acme', 'anna', ['acme']],
      ['rows', 'acme', { ...about, seq: 1, document: expect.objectContaining({ id: 'a', title: 'a note', body: '' }) }],
    ]);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('oh no');
      },
    ],
    ['rejects', () => Promise.reject(new Error('oh no'))],
  ])('[EM3] one that %s is logged, and ends nothing', async (_how, hook) => {
    const { server, logged } = await embed({ onConnect: hook, onRows: hook, onClose: hook });
    const [one, two] = [await live(server), await live(server, 'ben')];
    await two.pull('notes');
    expect(await one.push(notes(insert('a', {})))).toMatchObject({ type: 'ack' });
    expect(await two.next('rows')).toMatchObject({ groups: [{ rows: [{ id: 'a' }] }] });
    one.terminate();
    await expect
      .poll(() => logged.filter((line) => line.endsWith('failed: oh no')))
      .toEqual(['onConnect failed: oh no', 'onConnect failed: oh no', 'onRows failed: oh no', 'onClose failed: oh no']);
    expect(await two.push(notes(insert('b', {})))).toMatchObject({ type: 'ack' });
  });

  test('[EM3] a hook may end the session that it hears of, and no other', async () => {
    const { server } = await embed({
      onConnect: (session) => {
        if (session.user === 'mallory') session.end(4403, 'not you');
      },
    });
    const anna = await live(server);
    await expect(live(server, 'mallory')).rejects.toThrow(/4403|closed/);
    expect(await anna.push(notes(insert('a', {})))).toMatchObject({ type: 'ack' });
  });

  test('[EM3] also later, as when a user is removed', async () => {
    const sessions = new Map<string, SessionInfo>();
    const { server } = await embed({ onConnect: (session) => void sessions.set(session.user, session) });
    const anna = await live(server);
    sessions.get('anna')?.end(4401, 'the user was removed');
    expect(await anna.closed).toEqual({ code: 4401, reason: 'the user was removed' });
  });
});

interface Note {
  readonly id: string;
  readonly title: string;
  readonly body?: string;
  readonly likes?: number;
  readonly rating?: number;
  readonly tags?: readonly string[];
  readonly team?: string;
}

describe('the server writes itself', () => {
  async function open(options: ServerOptions = {}) {
    const commits: CommitInfo[] = [];
    const embedded = await embed({ onRows: (commit) => void commits.push(commit), ...options });
    return { ...embedded, commits, collection: embedded.server.collection<Note>('notes', 'acme') };
  }

  test('[EM4] devices that follow hear of it at once, and it reads what they wrote', async () => {
    const { server, collection } = await open();
    const client = await live(server);
    await client.pull('notes');
    expect(await collection.insert({ id: 'a', title: 'Hull', body: 'low', likes: 2, tags: ['x'] })).toMatchObject({
      id: 'a',
      title: 'Hull',
      body: 'low',
      likes: 2,
      tags: ['x'],
    });
    expect(await client.next('rows')).toMatchObject({ groups: [{ rows: [{ id: 'a', seq: 1 }], checkpoint: 1 }] });
    await client.push(notes(update('a', { rating: 5 }), insert('b', {})));
    expect(collection.get('a')).toMatchObject({ title: 'Hull', rating: 5, likes: 2 });
    expect(collection.find(['b', 'none', 'a']).map(({ id }) => id)).toEqual(['b', 'a']);
    expect([collection.get('none'), server.collection('notes', 'other').get('a')]).toEqual([undefined, undefined]);
  });

  test('[EM5] only what differs is written: what others do meanwhile stays', async () => {
    const { server, collection } = await open();
    const client = await live(server);
    await collection.insert({ id: 'a', title: 'Hull', body: 'low', likes: 2, rating: 1 });
    await client.push(notes(update('a', { rating: 5, 'likes.device': 3, newer: 'kept' })));
    await collection.patch('a', { likes: 6, body: 'at noon' });
    await collection.upsert({ id: 'a', title: 'Keel', body: 'at noon', likes: 6 });
    expect(collection.get('a')).toMatchObject({ title: 'Keel', likes: 6, body: 'at noon', newer: 'kept' });
    expect(collection.get('a')).not.toHaveProperty('rating');
    await collection.patch('a', { likes: 7 });
    await client.push(notes(update('a', { 'likes.device': 10 })));
    expect(collection.get('a')?.likes).toBe(14);
  });

  test('[EM5] what changes nothing takes no seq, and nobody hears of it', async () => {
    const { collection, commits } = await open();
    await collection.insert({ id: 'a', title: 'Hull', tags: ['x'] });
    await collection.patch('a', { title: 'Hull', tags: ['x'] });
    await collection.upsert({ id: 'a', title: 'Hull', tags: ['x'] });
    expect(await collection.remove('none')).toBe(false);
    expect(commits).toHaveLength(1);
  });

  test('[EM5] what was removed is gone, and may be inserted anew: nothing of before comes back', async () => {
    const { collection, server } = await open();
    await collection.insert({ id: 'a', title: 'Hull', body: 'old', rating: 1, likes: 1 });
    expect(await collection.remove('a')).toBe(true);
    expect([collection.get('a'), await collection.remove('a')]).toEqual([undefined, false]);
    await collection.insert({ id: 'a', title: 'Anew', likes: 1 });
    expect(collection.get('a')).toMatchObject({ title: 'Anew', body: '', likes: 1 });
    expect(collection.get('a')).not.toHaveProperty('rating');
    expect((await live(server)).connected.tenant).toBe('acme');
  });

  test('[EM6] what cannot be stored says why, and nothing is stored', async () => {
    const { collection, server } = await open();
    await collection.insert({ id: 'a', title: 'Hull' });
    await expect(collection.insert({ id: 'a', title: 'x' })).rejects.toMatchObject({
      name: 'WriteRefusedError',
      code: 'exists',
    });
    await expect(collection.patch('b', { title: 'x' })).rejects.toMatchObject({ code: 'missing' });
    await expect(collection.patch('a', { rating: 'x' as unknown as number })).rejects.toMatchObject({
      code: 'invalid',
    });
    await expect(collection.insert({ id: '', title: 'x' })).rejects.toMatchObject({ code: 'malformed' });
    await expect(collection.patch('a', { title: (() => {}) as unknown as string })).rejects.toMatchObject({
      name: 'ValueError',
    });
    expect(collection.get('a')).toMatchObject({ title: 'Hull' });
    expect(() => server.collection('drafts')).toThrow("no definition of the collection 'drafts'");
  });

  test('[EM7] its writes have labels like any others', async () => {
    const { server, collection } = await open({
      authenticate: (token) => ({ tenant: 'acme', user: token, labels: [token] }),
      labelsOf: (_collection, { title }) => [String(title)],
    });
    const red = await live(server, 'red');
    await red.pull('notes');
    await collection.insert({ id: 'a', title: 'red' });
    await collection.patch('a', { title: 'blue' });
    expect(await red.next('rows')).toMatchObject({ groups: [{ rows: [{ id: 'a' }] }] });
    expect(await red.next('rows')).toMatchObject({ groups: [{ rows: [], revoked: [{ id: 'a', seq: 2 }] }] });
    expect(collection.get('a')?.title).toBe('blue');
  });

  test('[EM4] two writes at once are both kept', async () => {
    const { collection } = await open();
    await collection.insert({ id: 'a', title: 'Hull', likes: 0 });
    await Promise.all([collection.patch('a', { title: 'Keel' }), collection.patch('a', { rating: 3 })]);
    expect(collection.get('a')).toMatchObject({ title: 'Keel', rating: 3 });
  });
});
