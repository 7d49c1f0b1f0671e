import process from 'node:process';
import { createDatabase, replicate } from '@breakwater/client';
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { addRxPlugin, type RxStorage } from 'rxdb';
import { disableWarnings, RxDBDevModePlugin } from 'rxdb/plugins/dev-mode';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { wrappedValidateAjvStorage } from 'rxdb/plugins/validate-ajv';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCuttableSockets } from '../src/cuttable-sockets.ts';
import { isLive, openNote, showsBody, showsText } from '../src/live-helpers.ts';
import {
  openWorldClient,
  startWorldServer,
  type WorldClient,
  type WorldServer,
  worldCollections,
} from '../src/world.ts';

// Only in dev-mode may a database be open twice in one process, as in two tabs.
disableWarnings();
addRxPlugin(RxDBDevModePlugin);
process.setMaxListeners(50);

let server: WorldServer;
let storage: RxStorage<unknown, unknown>;
let name: string;
let sockets: number;
let other: WorldClient;
const closings: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  server = await startWorldServer();
  storage = wrappedValidateAjvStorage({ storage: getRxStorageDexie({ indexedDB: new IDBFactory(), IDBKeyRange }) });
  name = `tabs-${crypto.randomUUID()}`;
  sockets = 0;
  const device = { name: 'other', url: server.url, random: Math.random };
  const validated = wrappedValidateAjvStorage({ storage: getRxStorageMemory() });
  other = await openWorldClient({ ...device, storage: validated });
});

afterEach(async () => {
  for (const close of closings.splice(0).reverse()) await close();
  await other.end();
  await server.end();
});

async function openTab() {
  const options = { name, storage, collections: worldCollections, multiInstance: true, ignoreDuplicate: true };
  const database = await createDatabase(options);
  const own = createCuttableSockets();
  const webSocket: typeof own.webSocket = (url) => {
    sockets++;
    return own.webSocket(url);
  };
  const sync = replicate(database, { url: server.url, webSocket, backoff: { minMs: 1, maxMs: 5 } });
  const close = () => database.close();
  closings.push(close);
  await sync.awaitInSync();
  return { notes: database.notes, sync, close };
}

/** The first leads, the second watches; both and another device have the note open. */
async function openAll() {
  const [leader, watcher] = [await openTab(), await openTab()];
  await leader.notes.insert({ id: 'a', title: 'Log', body: '' });
  const [first, second, third] = [await openNote(leader), await openNote(watcher), await openNote(other)];
  await Promise.all([first, second, third].map(isLive));
  return { leader, watcher, first, second, third };
}

describe('tabs of one database in one document', () => {
  it('[LE13] type together over one socket, and see each other', async () => {
    const { first, second, third } = await openAll();
    second.awareness.setLocalStateField('user', { name: 'Watcher' });
    second.text('body').insert(0, 'two');
    await Promise.all([first, third].map((each) => showsText(each, 'two')));
    first.text('body').insert(0, 'one ');
    third.text('body').insert(third.text('body').length, ' three');
    await Promise.all([first, second, third].map((each) => showsText(each, 'one two three')));
    for (const { awareness } of [first, third]) {
      await expect
        .poll(() => awareness.getStates().get(second.doc.clientID))
        .toMatchObject({ user: { name: 'Watcher' } });
    }
    expect(sockets).toBe(1);
  });

  it('[LE13] go on when the tab that replicates is closed', async () => {
    const { leader, watcher, first, second, third } = await openAll();
    second.text('body').insert(0, 'one');
    await Promise.all([first, third].map((each) => showsText(each, 'one')));
    await leader.close();
    second.text('body').insert(3, ' two');
    await showsText(third, 'one two');
    third.text('body').insert(7, ' three');
    await showsText(second, 'one two three');
    await second.close();
    await watcher.sync.awaitInSync();
    await showsBody(watcher, 'one two three');
    expect(await first.closed).toMatchObject({ reason: 'ended' });
  });

  it('[LE13] agree by the row while there is no link', async () => {
    const { leader, first, second, third } = await openAll();
    leader.sync.pause();
    await expect.poll(() => [first.status, second.status]).toEqual(['offline', 'offline']);
    first.text('body').insert(0, 'offline ');
    await showsText(second, 'offline ');
    second.text('body').insert(8, 'both');
    await showsText(first, 'offline both');
    leader.sync.start();
    await showsText(third, 'offline both');
  });

  it('[LE13] leave the room when they are closed', async () => {
    const { watcher, first, second, third } = await openAll();
    for (const [i, live] of [first, second, third].entries())
      live.awareness.setLocalStateField('user', { name: `${i}` });
    await expect.poll(() => third.awareness.getStates().size).toBe(3);
    await watcher.close();
    await expect.poll(() => third.awareness.getStates().has(second.doc.clientID)).toBe(false);
    expect(third.awareness.getStates().size).toBe(2);
  });
});
