import type { RxCollection, RxDatabase } from 'rxdb';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { afterEach, expect, it } from 'vitest';
import { createDatabase } from '../src/create-database.ts';
import { openCollectionRecord } from '../src/sync/record.ts';
import { noteCollections } from './note-collections.ts';

const open: RxDatabase[] = [];

afterEach(async () => {
  for (const database of open.splice(0)) await database.close();
});

async function openNotes() {
  const name = `record-${crypto.randomUUID()}`;
  const storage = getRxStorageMemory();
  const database = await createDatabase({ name, storage, collections: noteCollections, multiInstance: false });
  open.push(database as unknown as RxDatabase);
  return { database, notes: database.notes as unknown as RxCollection };
}

it('[MU16] a collection that is removed and made again is pulled from the start, and swept', async () => {
  const { database, notes } = await openNotes();
  const record = await openCollectionRecord(notes);
  await record.set({ epoch: 'one', checkpoint: 7, cleanLwt: 9, isPulled: true, clockMs: 5 });
  expect((await openCollectionRecord(notes)).value).toEqual(record.value);
  await notes.remove();
  const { notes: anew } = await database.addCollections({ notes: { schema: noteCollections.notes.schema } });
  const { collectionRev, ...known } = (await openCollectionRecord(anew as unknown as RxCollection)).value;
  expect(collectionRev).not.toBe(record.value.collectionRev);
  expect(known).toEqual({
    epoch: 'one',
    checkpoint: 0,
    cleanLwt: 0,
    isPulled: false,
    resend: false,
    sweep: 'purged',
    labels: '',
    clockMs: 5,
  });
});

it('[TB5] who writes one thing leaves what another has written since', async () => {
  const { notes } = await openNotes();
  const [one, other] = [await openCollectionRecord(notes), await openCollectionRecord(notes)];
  await one.set({ checkpoint: 7 });
  await other.set({ clockMs: 5 });
  expect((await openCollectionRecord(notes)).value).toMatchObject({ checkpoint: 7, clockMs: 5 });
});
