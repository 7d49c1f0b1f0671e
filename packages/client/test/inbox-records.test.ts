import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import type { RxCollection, RxDatabase } from 'rxdb';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { afterEach, expect, it } from 'vitest';
import { createDatabase } from '../src/create-database.ts';
import { toRefusedWrites } from '../src/refused-writes.ts';
import { createLocalRows } from '../src/storage/local-rows.ts';
import { openInbox, type RefusedRecord } from '../src/sync/inbox.ts';
import { countInternal, writeInternal } from '../src/sync/internal-store.ts';
import { beginJournal, listJournals, readJournal, removeJournal } from '../src/sync/journal.ts';
import { planCollections } from './note-collections.ts';

let open: RxDatabase | undefined;

afterEach(async () => {
  await open?.close();
});

async function openPlans() {
  const storage = getRxStorageDexie({ indexedDB: new IDBFactory(), IDBKeyRange });
  const name = `records-${crypto.randomUUID()}`;
  const database = await createDatabase({ name, storage, collections: planCollections, multiInstance: false });
  open = database as unknown as RxDatabase;
  const plans = database.plans as unknown as RxCollection;
  return { database: open, plans, inbox: await openInbox(open) };
}

function recordOf(change: Partial<RefusedRecord> = {}): RefusedRecord {
  return {
    collection: 'plans',
    id: 'p',
    returned: 1,
    revision: '1-a',
    kind: 'change',
    document: { id: 'p', title: 'refused' },
    paths: ['title'] as unknown as RefusedRecord['paths'],
    contents: {},
    batches: [],
    code: 'forbidden',
    reason: 'no',
    at: 1,
    ...change,
  };
}

/** The document goes as if it had never been. */
async function goBack(plans: RxCollection): Promise<void> {
  await createLocalRows(plans).replace([{ id: 'p', server: undefined }], async () => {});
}

it('[RF9] a refused write shows once its document has gone back', async () => {
  const { plans, inbox } = await openPlans();
  await plans.insert({ id: 'p', title: 'refused' });
  await inbox.keep([recordOf()]);
  expect(inbox.records).toEqual([]);
  await goBack(plans);
  await inbox.conclude([recordOf()]);
  expect(inbox.records).toMatchObject([{ id: 'p' }]);
});

it('[RF9] what an app that ended had kept of a document that did not go back is forgotten', async () => {
  const { database, plans, inbox } = await openPlans();
  await plans.insert({ id: 'p', title: 'refused' });
  await inbox.keep([recordOf()]);
  const next = await openInbox(database);
  await next.conclude(next.records);
  expect(next.records).toEqual([]);
  expect((await openInbox(database)).records).toEqual([]);
});

const BYTES = 'breakwater-bytes-';

/** Bytes as `keep` leaves them, for an attachment of a record or of one that is gone. */
async function keepBytesOf(database: RxDatabase, { collection, id, returned }: RefusedRecord, digest: string) {
  const key = BYTES + (await database.hashFunction(JSON.stringify([collection, id, returned]))) + digest;
  await writeInternal(database, key, () => ({ base64: 'AAEC' }));
}

it('[AT15] bytes that no refusal names go once they are 30 s old, and those of one stay', async () => {
  const { database, inbox } = await openPlans();
  const [digest, replaced] = ['a'.repeat(64), 'b'.repeat(64)];
  const record = recordOf({ attachments: [{ name: 'cover', digest, type: 'image/png', length: 3 }] });
  await inbox.keep([record]);
  await keepBytesOf(database, record, digest);
  await keepBytesOf(database, record, replaced);
  await keepBytesOf(database, recordOf({ id: 'gone' }), digest);
  const written = Date.now();
  await inbox.sweep(written + 20_000);
  expect(await countInternal(database, BYTES)).toBe(3);
  await inbox.sweep(written + 31_000);
  expect(await countInternal(database, BYTES)).toBe(1);
  expect(await inbox.attachmentsOf(record)).toHaveLength(1);
});

it('[BT2] a batch of which a document is lost goes back as a whole, and is one in the inbox', async () => {
  const { database, plans, inbox } = await openPlans();
  const entries = [{ collection: 'plans', id: 'p' }];
  await beginJournal(database, { batch: 'b1', state: 'written', entries, startedAt: 1 });
  await plans.insert({ id: 'p', title: 'refused' });
  await inbox.keep([recordOf({ batches: ['b1', 'long over'] })]);
  await goBack(plans);
  await inbox.conclude([recordOf()]);
  expect(await readJournal(database, 'b1')).toMatchObject({
    refused: { batch: 'b1', guilty: [{ id: 'p', reason: 'no' }] },
  });
  expect(inbox.records).toMatchObject([{ batch: 'b1' }]);
  expect(await listJournals(database)).toHaveLength(1);
});

it('[RF3] what went back twice of a document is written again in that order', async () => {
  const { plans, inbox } = await openPlans();
  await plans.insert({ id: 'p', title: 'refused' });
  await goBack(plans);
  const document = (title: string) => ({ document: { id: 'p', title }, batch: 'b1' });
  await plans.insert({ id: 'p', title: 'refused again' });
  await goBack(plans);
  await inbox.keep([recordOf({ ...document('second'), returned: 2 }), recordOf(document('first'))]);
  await inbox.conclude([recordOf({ returned: 2 }), recordOf()]);
  const [write] = toRefusedWrites(inbox.records, [plans], inbox);
  await write?.retry();
  expect((await plans.findOne('p').exec(true)).title).toBe('second');
  expect(inbox.records).toEqual([]);
});

it('[RF3] what was written again is out of the inbox, even if the app ended in the middle of that', async () => {
  const { database, plans, inbox } = await openPlans();
  await plans.insert({ id: 'p', title: 'refused' });
  await goBack(plans);
  await inbox.keep([recordOf(), recordOf({ id: 'q', returned: 0 })]);
  await inbox.conclude([recordOf(), recordOf({ id: 'q', returned: 0 })]);
  let keys: readonly string[] = [];
  await inbox
    .settle(recordOf(), async (_records, found) => {
      keys = found;
      throw new Error('the app ends');
    })
    .catch(() => {});
  await beginJournal(database, { batch: 'b1', state: 'written', entries: [], startedAt: 1, settles: keys });
  expect((await openInbox(database)).records.map(({ id }) => id)).toEqual(['q']);
  await removeJournal(database, 'b1');
  expect(await listJournals(database)).toEqual([]);
});
