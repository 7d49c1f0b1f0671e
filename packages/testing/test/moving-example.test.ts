import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from '@breakwater/server';
import { createRxDatabase, type RxCollection } from 'rxdb';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { afterEach, beforeEach, expect, it } from 'vitest';
import * as Y from 'yjs';
import {
  bringDocuments,
  bringToRoom,
  collections,
  type Note,
  openNotes,
  openRoom,
} from '../../../docs/examples/moving.ts';
import { startWorldServer, type WorldServer } from '../src/world.ts';
import { codeOfGuide, exampleOf } from './guide-code.ts';

let server: WorldServer;
const cleanUps: (() => unknown)[] = [];

beforeEach(async () => {
  server = await startWorldServer({ collections });
});

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  await server.end();
});

/** What an app has that does not know of Breakwater. */
async function writeBefore(name: string, notes: readonly Note[]) {
  const storage = getRxStorageMemory();
  const db = await createRxDatabase<{ notes: RxCollection<Note> }>({ name, storage });
  await db.addCollections({ notes: { schema: collections.notes.schema } });
  await db.notes.bulkInsert([...notes]);
  await db.close();
  return storage;
}

async function open(name: string, storage = getRxStorageMemory()) {
  const opened = await openNotes(server.url, name, storage as never);
  cleanUps.push(() => opened.db.remove());
  return { ...opened, shown: async () => (await opened.db.notes.find().exec()).map((note) => note.toMutableJSON()) };
}

it('[DO3] the guide to moving shows its example as it is', async () => {
  expect(await codeOfGuide('moving')).toBe(await exampleOf('moving'));
});

it('[DO3] a database that is there joins with what it has; what two devices had alike is there once', async () => {
  const same = { id: 'a', title: 'Tides', body: 'Low at noon.' };
  const [hers, his] = [
    { id: 'b', title: 'Hers', body: 'Herons.' },
    { id: 'c', title: 'His', body: 'Seals.' },
  ];
  const ada = await open('ada', await writeBefore('ada', [same, hers]));
  await ada.sync.awaitInSync();
  const bo = await open('bo', await writeBefore('bo', [same, his]));
  await bo.sync.awaitInSync();
  const all = [same, hers, his];
  expect(await bo.shown()).toEqual(all);
  await expect.poll(ada.shown).toEqual(all);
});

it('[DO3] documents of an older server are there once, however often they are brought', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'breakwater-moving-'));
  const own = await createServer({ dataDir, collections, log() {} });
  cleanUps.push(
    () => rm(dataDir, { recursive: true }),
    () => own.close(),
  );
  const { port } = await own.listen({ host: '127.0.0.1', port: 0 });
  const notes = [{ id: 'a', title: 'Tides', body: 'Low at noon.' }];
  await bringDocuments(own, notes);
  await bringDocuments(own, notes);
  const { db, sync } = await openNotes(`ws://127.0.0.1:${port}/sync`, 'cy', getRxStorageMemory() as never);
  cleanUps.push(() => db.remove());
  await sync.awaitInSync();
  expect((await db.notes.find().exec()).map((note) => note.toMutableJSON())).toEqual(notes);
});

it('[DO3] a document of another server of y-websocket is in its room as it was', async () => {
  const host = server.url.replace('/sync', '');
  const before = new Y.Doc();
  before.getText('story').insert(0, 'Low at noon.', { bold: true });
  before.getMap('meta').set('by', 'ada');
  await bringToRoom(host, 'log of May', before, '');
  const doc = new Y.Doc();
  const provider = openRoom(host, 'log of May', doc, '');
  cleanUps.push(() => provider.destroy());
  await expect.poll(() => doc.getMap('meta').get('by')).toBe('ada');
  expect(doc.getText('story').toDelta()).toEqual([{ insert: 'Low at noon.', attributes: { bold: true } }]);
});
