import { createManualScheduler, createScriptedServer } from '@breakwater/testing';
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import type { RxCollection, RxDatabase } from 'rxdb';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type BatchCollection, batch } from '../src/batch.ts';
import { createDatabase } from '../src/create-database.ts';
import { replicate } from '../src/replicate.ts';
import { whileWriting } from '../src/storage/batches-under-way.ts';
import { batchContext } from '../src/storage/contexts.ts';
import type { StoredDocument } from '../src/storage/row-meta.ts';
import { requireCaptured } from '../src/storage/with-breakwater.ts';
import { beginJournal, type JournalEntry, listJournals } from '../src/sync/journal.ts';
import { ABANDONED_AFTER_MS } from '../src/sync/undo-batch.ts';
import { planCollections } from './note-collections.ts';
import { storedDocument, storedMeta } from './stored-rows.ts';

let storage: ReturnType<typeof getRxStorageDexie>;
let name: string;
let open: RxDatabase | undefined;

beforeEach(() => {
  storage = getRxStorageDexie({ indexedDB: new IDBFactory(), IDBKeyRange });
  name = `crash-${crypto.randomUUID()}`;
});

afterEach(async () => {
  await open?.close();
});

async function openPlans(multiInstance = false) {
  await open?.close();
  const database = await createDatabase({ name, storage, collections: planCollections, multiInstance });
  open = database as unknown as RxDatabase;
  return { plans: database.plans as unknown as RxCollection, database: open };
}

/** Writes a part of a batch, and goes no further. */
async function crashWithin(database: RxDatabase, plans: RxCollection, startedAt = Date.now()): Promise<void> {
  const previous = await storedDocument(plans, 'p');
  const entries: JournalEntry[] = [
    { collection: 'plans', id: 'p', before: previous },
    { collection: 'plans', id: 'q', before: null },
    { collection: 'plans', id: 'never written', before: null },
  ];
  await beginJournal(database, { batch: 'b1', state: 'writing', entries, startedAt });
  const patched = { ...previous, title: 'paid', body: 'high tide', likes: 9 };
  const inserted = { id: 'q', title: 'new', _deleted: false, _attachments: {} } as unknown as StoredDocument;
  const rows = [{ previous, document: patched }, { document: inserted }];
  const { error } = await plans.storageInstance.bulkWrite(rows, batchContext('b1'));
  expect(error).toEqual([]);
  expect((await storedMeta(plans, 'q')).meta.batches).toEqual(['b1']);
}

async function insertPlan(plans: RxCollection) {
  return plans.insert({ id: 'p', title: 'open', body: 'low tide', likes: 2 });
}

it('[BT4] what a crash left half written is undone at the next start', async () => {
  const before = await openPlans();
  await insertPlan(before.plans);
  const { meta } = await storedMeta(before.plans, 'p');
  await crashWithin(before.database, before.plans);
  const after = await openPlans();
  const [plan] = await after.plans.find().exec();
  expect(await after.plans.count().exec()).toBe(1);
  expect(plan?.toJSON()).toMatchObject({ id: 'p', title: 'open', body: 'low tide', likes: 2 });
  expect((await storedMeta(after.plans, 'p')).meta).toEqual({ ...meta, replaced: 1 });
  expect((await storedMeta(after.plans, 'q')).meta).toEqual({ stamps: [], replaced: 1 });
  expect(await listJournals(after.database)).toEqual([]);
});

it('[BT3] what is written to a document of a batch that is being written waits until that is over', async () => {
  const { plans, database } = await openPlans();
  await insertPlan(plans);
  const written = Promise.withResolvers<void>();
  const order: string[] = [];
  const writing = whileWriting(database.token, 'b1', async () => {
    await crashWithin(database, plans);
    written.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    order.push('the batch');
  });
  await written.promise;
  const previous = await storedDocument(plans, 'p');
  const document = { ...previous, title: 'later' };
  await plans.storageInstance.bulkWrite([{ previous, document }], 'user');
  order.push('the other write');
  await writing;
  expect(order).toEqual(['the batch', 'the other write']);
});

it('[BT4] another tab may still be at it: only what is older than 30 s is undone', async () => {
  const before = await openPlans(true);
  await insertPlan(before.plans);
  await crashWithin(before.database, before.plans);
  const after = await openPlans(true);
  expect(await after.plans.count().exec()).toBe(2);
  expect(await listJournals(after.database)).toHaveLength(1);
});

it('[BT4] a tab that is gone for 30 s is at nothing any more', async () => {
  const before = await openPlans(true);
  await insertPlan(before.plans);
  await crashWithin(before.database, before.plans, Date.now() - 30_001);
  const after = await openPlans(true);
  expect(await after.plans.count().exec()).toBe(1);
});

it.each([
  ['what one that is gone was writing', true],
  ['what it could not undo itself', false],
])('[BT4] a tab that stays open looks after %s', async (_what, multiInstance) => {
  const { plans, database } = await openPlans(multiInstance);
  const scheduler = createManualScheduler(Date.now());
  const { webSocket } = createScriptedServer(scheduler);
  replicate(database, { url: 'ws://test/sync', webSocket, scheduler });
  await insertPlan(plans);
  await expect.poll(() => scheduler.waiting).toBeGreaterThan(0);
  const pass = () => scheduler.advanceAsync(ABANDONED_AFTER_MS);
  await pass();
  await crashWithin(database, plans, Date.now() - ABANDONED_AFTER_MS);
  await expect.poll(() => pass().then(() => listJournals(database))).toEqual([]);
  expect(await plans.count().exec()).toBe(1);
});

it("[BT4] by the device's own time: a clock that is corrected in one tab is not yet so in the next", async () => {
  const before = await openPlans(true);
  await insertPlan(before.plans);
  requireCaptured(before.plans).clock.correct(-3_600_000);
  const begun: number[] = [];
  const subscription = before.database.internalStore.changeStream().subscribe(({ events }) => {
    for (const { documentData } of events) if (documentData.data.startedAt) begun.push(documentData.data.startedAt);
  });
  await batch(before.database, (tx: { readonly [name: string]: BatchCollection<{ title: string }> }) =>
    tx.plans?.patch('p', { title: 'paid' }),
  );
  subscription.unsubscribe();
  expect(Math.abs(Date.now() - (begun[0] ?? 0))).toBeLessThan(ABANDONED_AFTER_MS);
});

it("[BT4] what the user wrote onto it since is the user's, and belongs to no batch", async () => {
  const before = await openPlans(true);
  await insertPlan(before.plans);
  await crashWithin(before.database, before.plans, Date.now() - 29_000);
  const plan = await before.plans.findOne('p').exec(true);
  await plan.patch({ title: 'mine' });
  const after = await openPlans(false);
  expect((await after.plans.findOne('p').exec(true)).toJSON()).toMatchObject({ title: 'mine', body: 'high tide' });
  expect((await storedMeta(after.plans, 'p')).meta.batches).toBeUndefined();
});
