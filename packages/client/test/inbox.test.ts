import type { RxDatabase } from 'rxdb';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { expect, it } from 'vitest';
import { createDatabase } from '../src/create-database.ts';
import { openInbox, type RefusedRecord } from '../src/sync/inbox.ts';
import { noteCollections } from './note-collections.ts';

const RECORD: RefusedRecord = {
  collection: 'notes',
  id: 'a',
  revision: '2-a',
  returned: 0,
  batches: [],
  kind: 'change',
  document: { id: 'a', title: 'mine' },
  paths: [],
  contents: {},
  code: 'invalid',
  reason: 'no such title',
  at: 1,
};

it('[RF3] what is being made again is not made a second time meanwhile, and can be if that fails', async () => {
  const name = `inbox-${crypto.randomUUID()}`;
  const options = { storage: getRxStorageMemory(), collections: noteCollections, multiInstance: false };
  const database = (await createDatabase({ name, ...options })) as unknown as RxDatabase;
  const inbox = await openInbox(database);
  await inbox.keep([RECORD]);
  await inbox.conclude([RECORD]);
  expect(inbox.records).toEqual([RECORD]);
  const making = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const made: string[] = [];
  const see = (who: string) => async () => {
    made.push(who);
    begun.resolve();
    if (who === 'first') await making.promise;
  };
  const first = inbox.settle(RECORD, see('first'));
  await begun.promise;
  await inbox.settle(RECORD, see('second'));
  making.reject(new Error('overtaken'));
  await expect(first).rejects.toThrow('overtaken');
  await inbox.settle(RECORD, see('third'));
  expect([made, inbox.records]).toEqual([['first', 'third'], []]);
  inbox.close();
  await database.close();
});
