import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { afterEach, describe, expect, it } from 'vitest';
import {
  openWorldClient,
  startWorldServer,
  type WorldClient,
  type WorldServer,
  worldCollections,
} from '../src/world.ts';
import { judgeWorld } from '../src/world-judge.ts';

let server: WorldServer;
const clients: WorldClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) await client.end();
  await server.end();
});

async function open(name: string, token = ''): Promise<WorldClient> {
  const client = await openWorldClient({
    name,
    url: server.url,
    storage: getRxStorageMemory(),
    random: Math.random,
    token: () => token,
  });
  clients.push(client);
  return client;
}

const find = ({ notes }: WorldClient, id = 'n') => notes.findOne(id).exec(true);

describe('what the server does not allow', () => {
  /** Everybody may write but to what is locked; the lock may be closed and opened. */
  async function serveLockable() {
    let isLocked = false;
    server = await startWorldServer({
      authorize: async ({ before }) => (isLocked && before?.title === 'Locked' ? 'the note is locked' : true),
    });
    const [a, b] = [await open('a'), await open('b')];
    await a.notes.insert({ id: 'n', title: 'Locked', body: 'low tide', likes: 1 });
    expect(await judgeWorld(server, [a, b])).toEqual([]);
    return {
      a,
      b,
      lock(locked: boolean) {
        isLocked = locked;
      },
    };
  }

  it('[RF1] a change, a text among it, goes back; retried when it is allowed, it is made', async () => {
    const { a, b, lock } = await serveLockable();
    lock(true);
    await (await find(a)).incrementalModify((note) => ({ ...note, body: 'low tide at noon', likes: 4 }));
    expect(await judgeWorld(server, [a, b])).toEqual([]);
    expect((await find(a)).toJSON()).toMatchObject({ body: 'low tide', likes: 1 });
    expect(a.sync.refused).toMatchObject([{ code: 'forbidden', reason: 'the note is locked', kind: 'change' }]);
    lock(false);
    await (await find(b)).patch({ body: 'very low tide' });
    expect(await judgeWorld(server, [a, b])).toEqual([]);
    await a.sync.refused[0]?.retry();
    expect(await judgeWorld(server, [a, b])).toEqual([]);
    expect((await find(b)).toJSON()).toMatchObject({ body: 'very low tide at noon', likes: 4 });
  });

  it('[RF1] a deletion is undone; discarded, the document stays', async () => {
    const { a, b, lock } = await serveLockable();
    lock(true);
    await (await find(a)).remove();
    expect(await judgeWorld(server, [a, b])).toEqual([]);
    expect((await find(a)).title).toBe('Locked');
    expect(a.sync.refused).toMatchObject([{ kind: 'delete', document: { id: 'n', title: 'Locked' } }]);
    await a.sync.refused[0]?.discard();
    expect(a.sync.refused).toEqual([]);
  });

  it('[RF5] what is edited while the refusal is under way is refused by itself', async () => {
    const { a, b, lock } = await serveLockable();
    lock(true);
    const held = a.sockets.hold('ack');
    await (await find(a)).patch({ rating: 1 });
    await held;
    await (await find(a)).incrementalPatch({ title: 'Mine' });
    a.sockets.release();
    await expect.poll(() => a.sync.refused.length).toBe(2);
    expect(await judgeWorld(server, [a, b])).toEqual([]);
    expect(a.sync.refused.map(({ fields }) => fields)).toEqual([['rating'], ['title']]);
    expect((await find(a)).title).toBe('Locked');
  });

  it('[MU11] is no failure: the session goes on, and the breaker does not count it', async () => {
    const { a, lock } = await serveLockable();
    lock(true);
    const before = a.sync.history;
    await (await find(a)).patch({ rating: 1 });
    await expect.poll(() => a.sync.refused).toHaveLength(1);
    await a.sync.awaitInSync();
    expect(a.sync.history).toEqual(before);
  });
});

describe('what does not fit the schema of the server', () => {
  it('[RF2] is refused by itself, with the reason; edited, it is taken', async () => {
    server = await startWorldServer({ collections: worldCollections });
    const a = await open('a');
    const titles = ['Hull', 'x'.repeat(300), 'Keel'];
    await a.notes.bulkInsert(titles.map((title, i) => ({ id: `n${i}`, title })));
    await a.sync.awaitInSync();
    expect(a.sync.refused).toMatchObject([{ id: 'n1', code: 'invalid', reason: expect.stringContaining('title') }]);
    expect(server.store.head('default', 'notes')).toBe(2);
    await a.sync.refused[0]?.edit({ title: 'Mast' });
    await a.sync.awaitInSync();
    expect(server.store.head('default', 'notes')).toBe(3);
    expect(a.sync.refused).toEqual([]);
  });
});
