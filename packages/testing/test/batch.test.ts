import {
  BatchError,
  batch,
  type ChangeOf,
  createDatabase,
  defineCollections,
  type Replication,
  replicate,
} from '@breakwater/client';
import { down, type Push, type Rows, up } from '@breakwater/protocol';
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import type { RxStorage, RxStorageInstance } from 'rxdb';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CuttableSockets, createCuttableSockets } from '../src/cuttable-sockets.ts';
import { startWorldServer, type WorldServer, worldCollections } from '../src/world.ts';

const { schema, merge } = worldCollections.notes;
const definition = { schema, merge } as const;
const collections = defineCollections({ orders: definition, payments: definition, carts: definition });

const MAX_BYTES = 2_000;
const TOO_LONG = 'x'.repeat(MAX_BYTES);

let server: WorldServer;
const cleanUps: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  server = await startWorldServer({
    limits: { maxRowBytes: MAX_BYTES, maxMessageBytes: 50_000, maxPushRows: 100, maxBlobBytes: 0 },
  });
});

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  await server.end();
});

function openDatabase(storage: RxStorage<unknown, unknown> = getRxStorageMemory(), name = crypto.randomUUID()) {
  return createDatabase({ name: `batch-${name}`, storage, collections, multiInstance: false });
}

type Database = Awaited<ReturnType<typeof openDatabase>>;

interface Device {
  readonly database: Database;
  readonly sync: Replication;
  readonly sockets: CuttableSockets;
  readonly pushes: Push[];
  readonly news: Rows[];
}

async function openDevice(): Promise<Device> {
  const database = await openDatabase();
  cleanUps.push(() => database.close());
  return connect(database);
}

async function connect(database: Database): Promise<Device> {
  const sockets = createCuttableSockets();
  const pushes: Push[] = [];
  const news: Rows[] = [];
  sockets.onSend = (frame) => {
    const message = up.decode(frame);
    if (message?.type === 'push') pushes.push(message);
  };
  sockets.onHear = (frame) => {
    const message = down.decode(frame);
    if (message?.type === 'rows') news.push(message);
  };
  const options = { url: server.url, webSocket: sockets.webSocket, backoff: { minMs: 1, maxMs: 5 } };
  const sync = replicate(database, { ...options, breaker: { failures: 1_000_000 } });
  await sync.awaitInSync();
  return { database, sync, sockets, pushes, news };
}

/** An order and its payment, with the cart gone. */
function pay({ database }: Device, id = '1', body = ''): Promise<void> {
  return batch(database, (tx) => {
    tx.orders.insert({ id, title: 'paid' });
    tx.payments.insert({ id, title: 'by card', body });
  });
}

const heads = () => ['orders', 'payments', 'carts'].map((name) => server.store.head('default', name));
const count = async ({ orders, payments, carts }: Database) =>
  Promise.all([orders, payments, carts].map((collection) => collection.count().exec()));
const idsOf = ({ groups }: Push) => groups.map(({ collection, rows }) => [collection, ...rows.map(({ id }) => id)]);

describe('a batch', () => {
  it('[BT1] goes up in one message, whatever its collections, and in one message to other devices', async () => {
    const [a, b] = [await openDevice(), await openDevice()];
    await a.database.carts.insert({ id: '1', title: 'full' });
    await a.sync.awaitInSync();
    await batch(a.database, async (tx) => {
      tx.orders.insert({ id: '1', title: 'open' });
      tx.orders.patch('1', { title: 'paid' });
      tx.payments.insert({ id: '1', title: (await tx.orders.get('1'))?.title ?? '' });
      tx.carts.remove('1');
    });
    await a.sync.awaitInSync();
    expect(a.pushes.map(({ atomic }) => atomic)).toEqual([false, true]);
    expect(a.pushes[1] && idsOf(a.pushes[1])).toEqual([
      ['orders', '1'],
      ['payments', '1'],
      ['carts', '1'],
    ]);
    expect(heads()).toEqual([1, 1, 2]);
    await expect.poll(() => count(b.database)).toEqual([1, 1, 0]);
    expect(b.news.at(-1)?.groups.map(({ collection }) => collection)).toEqual(['orders', 'payments', 'carts']);
    expect((await b.database.payments.findOne('1').exec(true)).title).toBe('paid');
  });

  it('[BT1] ordinary writes of the same time go up by themselves', async () => {
    const a = await openDevice();
    a.sync.pause();
    await a.database.orders.bulkInsert(['x', 'y'].map((id) => ({ id, title: 'alone' })));
    await pay(a);
    a.sync.start();
    await a.sync.awaitInSync();
    const alone = a.pushes.filter(({ atomic }) => !atomic).flatMap(idsOf);
    expect(alone).toEqual([['orders', 'x', 'y']]);
    expect(a.pushes.filter(({ atomic }) => atomic)).toHaveLength(1);
  });

  it('[BT2] is refused as one; retry and edit write all of it again', async () => {
    const a = await openDevice();
    await pay(a, '1', TOO_LONG);
    await a.sync.awaitInSync();
    expect(heads()).toEqual([0, 0, 0]);
    expect(await count(a.database)).toEqual([0, 0, 0]);
    expect(a.sync.refused.map(({ collection, code }) => [collection, code]).sort()).toEqual([
      ['orders', 'batch-refused'],
      ['payments', 'too-large'],
    ]);
    const guilty = a.sync.refused.find(({ code }) => code === 'too-large');
    await guilty?.edit({ body: 'shorter' });
    await a.sync.awaitInSync();
    expect(a.sync.refused).toEqual([]);
    expect(heads()).toEqual([1, 1, 0]);
    expect(a.pushes.at(-1)?.atomic).toBe(true);
  });

  it('[BT2] the server refuses it as one, too, and what was there before stays', async () => {
    const a = await openDevice();
    await a.database.orders.insert({ id: '1', title: 'open' });
    await a.database.payments.insert({ id: '1', title: 'due', body: 'x'.repeat(MAX_BYTES / 2) });
    await a.sync.awaitInSync();
    const other = await openDevice();
    a.sync.pause();
    await batch(a.database, (tx) => {
      tx.orders.patch('1', { title: 'paid' });
      tx.payments.patch('1', { title: 'y'.repeat(200), place: { city: 'z'.repeat(MAX_BYTES / 3) } });
    });
    await (await other.database.payments.findOne('1').exec(true)).patch({
      place: { street: 's'.repeat(MAX_BYTES / 3) },
    });
    await other.sync.awaitInSync();
    a.sync.start();
    await a.sync.awaitInSync();
    expect(a.sync.refused.map(({ collection, code }) => [collection, code]).sort()).toEqual([
      ['orders', 'batch-refused'],
      ['payments', 'too-large'],
    ]);
    expect((await a.database.orders.findOne('1').exec(true)).title).toBe('open');
    expect((await a.database.payments.findOne('1').exec(true)).title).toBe('due');
    await a.sync.refused[0]?.discard();
    expect(a.sync.refused).toEqual([]);
  });

  it('[BT2] one that is larger than the server takes is refused as one', async () => {
    const a = await openDevice();
    const ids = Array.from({ length: 101 }, (_, i) => `n${i}`);
    await batch(a.database, (tx) => {
      for (const id of ids) tx.orders.insert({ id, title: 'many' });
    });
    await a.sync.awaitInSync();
    expect(a.sync.refused).toHaveLength(101);
    expect(a.sync.refused.map(({ reason }) => reason)).toContainEqual(expect.stringContaining('101 documents'));
    expect(heads()).toEqual([0, 0, 0]);
  });

  it('[BT2] that a server refuses because it has lost a collection takes nothing from what it had stored there', async () => {
    const options = { collections: ['orders', 'payments', 'carts'] };
    await server.end();
    server = await startWorldServer(options);
    const a = await openDevice();
    await a.database.carts.insert({ id: '1', title: 'full', rating: 4 });
    await a.sync.awaitInSync();
    options.collections = ['orders', 'payments'];
    await server.restart();
    await a.sync.awaitInSync();
    await batch(a.database, (tx) => {
      tx.orders.insert({ id: '1', title: 'paid' });
      tx.carts.patch('1', { title: 'empty' });
    });
    await expect
      .poll(() => a.sync.refused.map(({ code }) => code).sort())
      .toEqual(['batch-refused', 'unknown-collection']);
    options.collections = ['orders', 'payments', 'carts'];
    await server.restart();
    await expect.poll(() => count(a.database)).toEqual([0, 0, 1]);
    expect((await a.database.carts.findOne('1').exec(true)).toJSON()).toMatchObject({ title: 'full', rating: 4 });
  });

  it('[BT2] whose refusal is cut off is refused as one all the same', async () => {
    const a = await openDevice();
    const { onSend } = a.sockets;
    let gets = 0;
    a.sockets.onSend = (frame) => {
      onSend(frame);
      if (up.decode(frame)?.type === 'get' && ++gets === 2) a.sockets.cut();
    };
    await batch(a.database, (tx) => {
      tx.orders.insert({ id: '1', title: 'paid', body: TOO_LONG });
      tx.payments.insert({ id: '1', title: 'by card' });
    });
    await a.sync.awaitInSync();
    expect(heads()).toEqual([0, 0, 0]);
    expect(a.sync.refused.map(({ collection, code }) => [collection, code])).toEqual([
      ['orders', 'too-large'],
      ['payments', 'batch-refused'],
    ]);
    expect(new Set(a.sync.refused.map((write) => write.batch)).size).toBe(1);
  });

  it('[BT8] batches that share a document and are too much for one push go up in several', async () => {
    const a = await openDevice();
    await a.database.carts.insert({ id: 'stock', title: 'full' });
    await a.sync.awaitInSync();
    a.sync.pause();
    for (let i = 1; i <= 120; i++) {
      await batch(a.database, (tx) => {
        tx.orders.insert({ id: `${i}`, title: 'paid' });
        tx.carts.patch('stock', { rating: i });
      });
    }
    a.sync.start();
    await a.sync.awaitInSync();
    expect(a.sync.refused).toEqual([]);
    expect(await count(a.database)).toEqual([120, 0, 1]);
    expect(heads()).toEqual([120, 0, 2]);
    const [first, ...rest] = a.pushes.filter(({ atomic }) => atomic);
    expect(first && idsOf(first).flat()).toContain('stock');
    expect(first?.groups.flatMap(({ rows }) => rows)).toHaveLength(100);
    expect(rest.every(({ groups }) => groups.every(({ collection }) => collection === 'orders'))).toBe(true);
  });

  it('[BT3] of which one document cannot be written leaves nothing, and says which', async () => {
    const a = await openDevice();
    await a.database.payments.insert({ id: '1', title: 'there' });
    await a.sync.awaitInSync();
    const orders = a.database.orders.count().exec();
    await expect(pay(a)).rejects.toThrow("payments: '1' cannot be inserted: it is there already");
    await expect(batch(a.database, (tx) => tx.orders.patch('9', { title: 'x' }))).rejects.toThrow(BatchError);
    await expect(batch(a.database, (tx) => tx.orders.remove('9'))).rejects.toThrow("orders: '9' cannot be removed");
    const renamed = batch(a.database, (tx) => tx.payments.patch('1', { id: '2' }));
    await expect(renamed).rejects.toThrow("payments: '1' cannot become '2', a document keeps its id");
    await expect(
      batch(a.database, (tx) => {
        tx.orders.insert({ id: '2', title: 'paid' });
        throw new Error('changed its mind');
      }),
    ).rejects.toThrow('changed its mind');
    expect([await orders, ...(await count(a.database))]).toEqual([0, 0, 1, 0]);
    expect(a.sync.pending.rows).toBe(0);
  });

  it('[BT3] of which a later document cannot be written leaves nothing of the ones before', async () => {
    const a = await openDevice();
    await a.database.orders.insert({ id: '1', title: 'open' });
    await a.sync.awaitInSync();
    const tooDeep = JSON.parse(`${'['.repeat(100)}${']'.repeat(100)}`);
    const failing = batch(a.database, (tx) => {
      tx.orders.patch('1', { title: 'paid' });
      tx.orders.insert({ id: '2', title: 'new' });
      tx.payments.insert({ id: '1', title: tooDeep });
    });
    await expect(failing).rejects.toThrow("'1' cannot be written");
    expect(await count(a.database)).toEqual([1, 0, 0]);
    expect((await a.database.orders.findOne('1').exec(true)).title).toBe('open');
    expect(a.sync.pending.rows).toBe(0);
  });

  it('[BT9] replaces each patched field as a whole, removes those that are undefined, and touches no other', async () => {
    const a = await openDevice();
    await a.database.orders.insert({ id: '1', title: 'open', rating: 4, place: { city: 'Kiel', street: 'Pier' } });
    await batch(a.database, async (tx) => {
      tx.orders.patch('1', { rating: undefined, place: { city: 'Hull' } });
      expect(await tx.orders.get('1')).toMatchObject({ title: 'open', place: { city: 'Hull' } });
    });
    const { rating, place, title } = (await a.database.orders.findOne('1').exec(true)).toJSON();
    expect({ rating, place, title }).toEqual({ rating: undefined, place: { city: 'Hull' }, title: 'open' });
    // @ts-expect-error a required field cannot be removed
    const change: ChangeOf<{ title: string; rating?: number }> = { title: undefined, rating: undefined };
    expect(Object.keys(change)).toEqual(['title', 'rating']);
  });

  it('[BT10] writes no attachments, and says what to do instead', async () => {
    const a = await openDevice();
    const _attachments = { photo: { type: 'image/png', data: new Blob(['x']) } };
    const inserted = batch(a.database, (tx) => tx.orders.insert({ id: '1', title: 'open', ...{ _attachments } }));
    await expect(inserted).rejects.toThrow(/orders: a document of the batch has _attachments.*putAttachment/);
    await a.database.orders.insert({ id: '2', title: 'open' });
    const patched = batch(a.database, (tx) => tx.orders.patch('2', { title: 'paid', ...{ _attachments } }));
    await expect(patched).rejects.toThrow(BatchError);
    expect((await a.database.orders.find().exec()).map(({ id, title }) => [id, title])).toEqual([['2', 'open']]);
  });

  it('[BT3] that the storage fails in the middle of leaves nothing, and what was there before', async () => {
    let fails = false;
    const storage = failingStorage('payments', () => fails);
    const database = await openDatabase(storage);
    cleanUps.push(() => database.close());
    const a = await connect(database);
    await database.orders.insert({ id: '1', title: 'open', body: 'low tide', likes: 2 });
    await a.sync.awaitInSync();
    fails = true;
    const failing = batch(database, (tx) => {
      tx.orders.patch('1', { title: 'paid', body: 'high tide', likes: 3 });
      tx.orders.insert({ id: '2', title: 'new' });
      tx.payments.insert({ id: '1', title: 'by card' });
    });
    await expect(failing).rejects.toThrow('the disk is full');
    fails = false;
    expect((await database.orders.findOne('1').exec(true)).toJSON()).toMatchObject({
      title: 'open',
      body: 'low tide',
      likes: 2,
    });
    expect(await count(database)).toEqual([1, 0, 0]);
    await a.sync.awaitInSync();
    expect(a.pushes).toHaveLength(1);
    await (await database.orders.findOne('1').exec(true)).patch({ body: 'low tide again' });
    await a.sync.awaitInSync();
    const other = await openDevice();
    expect((await other.database.orders.findOne('1').exec(true)).body).toBe('low tide again');
  });

  it('[BT3] that cannot be written leaves nothing, even if news of its documents come in the middle', async () => {
    const failing = { before: async () => {} };
    const database = await openDatabase(
      withWrites(getRxStorageMemory(), (collection) => {
        return collection === 'payments' ? failing.before() : undefined;
      }),
    );
    cleanUps.push(() => database.close());
    const [a, b] = [await connect(database), await openDevice()];
    await database.orders.insert({ id: '1', title: 'open' });
    await expect.poll(() => count(b.database)).toEqual([1, 0, 0]);
    failing.before = async () => {
      await (await b.database.orders.findOne('1').exec(true)).incrementalPatch({ rating: 4 });
      await expect.poll(() => a.news.length).toBe(1);
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      throw new Error('the disk is full');
    };
    const paid = batch(database, (tx) => {
      tx.orders.patch('1', { title: 'paid' });
      tx.payments.insert({ id: '1', title: 'by card' });
    });
    await expect(paid).rejects.toThrow('the disk is full');
    await a.sync.awaitInSync();
    await expect.poll(async () => (await database.orders.findOne('1').exec(true)).rating).toBe(4);
    expect((await database.orders.findOne('1').exec(true)).title).toBe('open');
    expect(a.pushes).toHaveLength(1);
  });

  it('[BT5] whose ack is lost goes up again as one, and takes no seq', async () => {
    const a = await openDevice();
    a.sockets.deafen();
    await pay(a);
    await expect.poll(heads).toEqual([1, 1, 0]);
    a.sockets.cut();
    await a.sync.awaitInSync();
    expect(a.pushes.map(({ atomic }) => atomic)).toEqual([true, true]);
    expect(heads()).toEqual([1, 1, 0]);
    expect(a.sync.pending.rows).toBe(0);
  });

  it('[BT5] leaves no journal behind, even if the app ends just before it is removed', async () => {
    const journals = new Set<string>();
    let keepsJournals = true;
    const indexed = getRxStorageDexie({ indexedDB: new IDBFactory(), IDBKeyRange });
    const storage = watchingJournals(indexed, journals, () => keepsJournals);
    const name = crypto.randomUUID();
    const before = await openDatabase(storage, name);
    const a = await connect(before);
    await batch(before, (tx) => tx.orders.insert({ id: '1', title: 'paid' }));
    await expect.poll(heads).toEqual([1, 0, 0]);
    await expect.poll(() => a.sync.pending.rows).toBe(0);
    await before.close();
    expect(journals.size).toBe(1);
    keepsJournals = false;
    const after = await openDatabase(storage, name);
    cleanUps.push(() => after.close());
    await connect(after);
    await expect.poll(() => journals.size).toBe(0);
    expect(heads()).toEqual([1, 0, 0]);
  });

  it('[BT6] later edits of its documents go with it; batches that share a document go together', async () => {
    const a = await openDevice();
    a.sync.pause();
    await pay(a);
    await (await a.database.orders.findOne('1').exec(true)).patch({ rating: 5 });
    await batch(a.database, (tx) => {
      tx.orders.patch('1', { title: 'sent' });
      tx.carts.insert({ id: '1', title: 'next' });
    });
    await batch(a.database, (tx) => tx.carts.insert({ id: 'other', title: 'alone' }));
    a.sync.start();
    await a.sync.awaitInSync();
    const sent = a.pushes.map((push) => [
      push.atomic,
      ...idsOf(push)
        .map((group) => group.join(' '))
        .sort(),
    ]);
    expect(sent.sort()).toEqual([
      [true, 'carts 1', 'orders 1', 'payments 1'],
      [true, 'carts other'],
    ]);
  });

  it('[BT6] a document that is written again while its batch is on its way goes up by itself afterwards', async () => {
    const a = await openDevice();
    const held = a.sockets.hold('ack');
    await pay(a);
    await held;
    await (await a.database.orders.findOne('1').exec(true)).patch({ title: 'sent' });
    a.sockets.release();
    await a.sync.awaitInSync();
    expect(a.pushes.map((push) => [push.atomic, ...idsOf(push).flat()])).toEqual([
      [true, 'orders', '1', 'payments', '1'],
      [false, 'orders', '1'],
    ]);
    const other = await openDevice();
    expect((await other.database.orders.findOne('1').exec(true)).title).toBe('sent');
  });

  it('[BT7] has at most 1,000 documents', async () => {
    const a = await openDevice();
    const tooMany = batch(a.database, (tx) => {
      for (let i = 0; i <= 1_000; i++) tx.orders.insert({ id: `n${i}`, title: 'many' });
    });
    await expect(tooMany).rejects.toThrow('at most 1000 documents, this one has 1001');
    expect(await count(a.database)).toEqual([0, 0, 0]);
  });
});

/** Writes of one collection fail when the test says so. */
function failingStorage(name: string, fails: () => boolean): RxStorage<unknown, unknown> {
  return withWrites(getRxStorageMemory(), (collection) => {
    if (collection === name && fails()) throw new Error('the disk is full');
  });
}

/** Knows which journals of batches are stored, and fails to remove any when the test says so. */
function watchingJournals(
  inner: RxStorage<unknown, unknown>,
  journals: Set<string>,
  keepsThem: () => boolean,
): RxStorage<unknown, unknown> {
  return withWrites(inner, (_collection, documents) => {
    for (const { key = '', _deleted: isRemoved } of documents) {
      if (!key.startsWith('breakwater-batch-')) continue;
      if (isRemoved && keepsThem()) throw new Error('the app ends here');
      if (isRemoved) journals.delete(key);
      else journals.add(key);
    }
  });
}

type BeforeWrite = (
  collection: string,
  documents: readonly { key?: string; _deleted: boolean }[],
) => void | Promise<void>;

function withWrites(storage: RxStorage<unknown, unknown>, beforeWrite: BeforeWrite): RxStorage<unknown, unknown> {
  return {
    ...storage,
    name: storage.name,
    rxdbVersion: storage.rxdbVersion,
    async createStorageInstance<D>(params: Parameters<typeof storage.createStorageInstance<D>>[0]) {
      const instance: RxStorageInstance<D, unknown, unknown> = await storage.createStorageInstance<D>(params);
      const bulkWrite = instance.bulkWrite.bind(instance);
      instance.bulkWrite = async (rows, context) => {
        await beforeWrite(
          params.collectionName,
          rows.map(({ document }) => document),
        );
        return bulkWrite(rows, context);
      };
      return instance;
    },
  };
}
