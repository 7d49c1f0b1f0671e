import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWorldClient, startWorldServer, type WorldClient, type WorldServer } from '../src/world.ts';
import { judgeWorld } from '../src/world-judge.ts';

const YEAR_MS = 365 * 86_400_000;

let server: WorldServer;
let a: WorldClient;
let b: WorldClient;

beforeEach(async () => {
  server = await startWorldServer();
  [a, b] = [await open('a'), await open('b')];
});

afterEach(async () => {
  await Promise.all([a.end(), b.end()]);
  await server.end();
});

function open(name: string): Promise<WorldClient> {
  return openWorldClient({ name, url: server.url, storage: getRxStorageMemory(), random: Math.random });
}

/** Both know four notes; then b is away while a deletes two of them, and the server forgets that they ever were. */
async function forgetTwo(): Promise<void> {
  await a.notes.bulkInsert(['kept', 'edited', 'gone', 'changed'].map((id) => ({ id, title: 'Hull', body: 'low' })));
  expect(await judgeWorld(server, [a, b])).toEqual([]);
  b.sync.pause();
  await a.notes.bulkRemove(['gone', 'changed']);
  await a.sync.awaitInSync();
  await purge();
}

async function purge(): Promise<void> {
  expect(
    await server.store.purgeTombstones({ committedBefore: Date.now() + YEAR_MS, maxRows: 100, maxBytes: 1e6 }),
  ).toBe(2);
}

const idsAt = async ({ notes }: WorldClient) => (await notes.find().exec()).map(({ id }) => id).sort();

describe('tombstones that the server has dropped', () => {
  it('[PG1] whoever was away for too long loses what is gone; what was changed there meanwhile is in the inbox', async () => {
    await forgetTwo();
    await (await b.notes.findOne('edited').exec(true)).patch({ title: 'mine' });
    await (await b.notes.findOne('changed').exec(true)).patch({ title: 'mine too', body: 'high' });
    b.sync.start();
    await b.sync.awaitInSync();
    expect(await idsAt(b)).toEqual(['edited', 'kept']);
    expect(b.sync.refused).toMatchObject([
      { id: 'changed', code: 'purged', kind: 'insert', document: { id: 'changed', title: 'mine too', body: 'high' } },
    ]);
    expect(await idsAt(a)).toEqual(['edited', 'kept']);
    expect((await b.notes.findOne('edited').exec(true)).title).toBe('mine');
  });

  it('[PG1] what was changed there can be written again', async () => {
    await forgetTwo();
    await (await b.notes.findOne('changed').exec(true)).patch({ body: 'high' });
    b.sync.start();
    await b.sync.awaitInSync();
    await b.sync.refused[0]?.retry();
    await b.sync.awaitInSync();
    await expect.poll(() => idsAt(a)).toContain('changed');
    expect((await a.notes.findOne('changed').exec(true)).body).toBe('high');
  });

  it('[PG2] what was inserted there meanwhile goes up', async () => {
    await forgetTwo();
    await b.notes.insert({ id: 'new', title: 'Keel' });
    b.sync.start();
    await b.sync.awaitInSync();
    await expect.poll(() => idsAt(a)).toEqual(['edited', 'kept', 'new']);
    expect(await idsAt(b)).toEqual(['edited', 'kept', 'new']);
    expect(b.sync.refused).toEqual([]);
  });

  it('[PG2] nothing is pushed before it is known what is gone', async () => {
    await forgetTwo();
    const head = server.store.head('default', 'notes');
    await (await b.notes.findOne('changed').exec(true)).patch({ body: 'high' });
    const held = b.sockets.hold('error');
    b.sync.start();
    await held;
    b.sockets.release();
    await b.sync.awaitInSync();
    expect(server.store.head('default', 'notes')).toBe(head);
  });

  it('[PG3] a sweep that is cut off begins anew', async () => {
    await forgetTwo();
    for (const type of ['error', 'page', 'page'] as const) {
      const held = b.sockets.hold(type);
      b.sync.start();
      await held;
      b.sockets.cut();
      b.sockets.release();
    }
    await b.sync.awaitInSync();
    expect(await idsAt(b)).toEqual(['edited', 'kept']);
  });

  it('[PG5] a row that was purged and made anew takes the place of the old one, and of its tombstone', async () => {
    await a.notes.bulkInsert(['gone', 'changed'].map((id) => ({ id, title: 'Hull', body: 'low', rating: 4 })));
    expect(await judgeWorld(server, [a, b])).toEqual([]);
    b.sync.pause();
    await a.notes.bulkRemove(['gone', 'changed']);
    await a.sync.awaitInSync();
    await purge();
    const c = await open('c');
    await c.notes.bulkInsert(['gone', 'changed'].map((id) => ({ id, title: 'New', body: 'high' })));
    await c.sync.awaitInSync();
    await (await b.notes.findOne('changed').exec(true)).patch({ likes: 3 });
    expect(await judgeWorld(server, [a, b, c])).toEqual([]);
    expect((await b.notes.findOne('gone').exec(true)).toJSON()).toMatchObject({ title: 'New', body: 'high', likes: 0 });
    expect(b.sync.refused).toMatchObject([{ id: 'changed', code: 'purged', kind: 'change', document: { likes: 3 } }]);
    await c.end();
  });

  it('[PG4] an id that is gone can be used anew', async () => {
    await forgetTwo();
    await a.notes.insert({ id: 'gone', title: 'Again' });
    await a.sync.awaitInSync();
    b.sync.start();
    await b.sync.awaitInSync();
    expect((await b.notes.findOne('gone').exec(true)).title).toBe('Again');
    expect(await idsAt(b)).toEqual(['edited', 'gone', 'kept']);
  });
});
