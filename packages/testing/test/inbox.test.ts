import { createDatabase, replicate, UnsentWritesError } from '@breakwater/client';
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { addRxPlugin, type RxStorage } from 'rxdb';
import { disableWarnings, RxDBDevModePlugin } from 'rxdb/plugins/dev-mode';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { wrappedValidateAjvStorage } from 'rxdb/plugins/validate-ajv';
import { filter, firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startWorldServer, type WorldServer, worldCollections } from '../src/world.ts';

// Only in dev-mode may a database be open twice in one process, as in two tabs.
disableWarnings();
addRxPlugin(RxDBDevModePlugin);

const MAX_BYTES = 2_000;
const TOO_LONG = 'x'.repeat(MAX_BYTES);

let server: WorldServer;
let storage: RxStorage<unknown, unknown>;
let name: string;
let user: string;
const open: { close(): Promise<unknown> }[] = [];

beforeEach(async () => {
  const authenticate = (token: string) => ({ tenant: 'default', user: token });
  server = await startWorldServer({ limits: { maxRowBytes: MAX_BYTES }, authenticate });
  storage = wrappedValidateAjvStorage({ storage: getRxStorageDexie({ indexedDB: new IDBFactory(), IDBKeyRange }) });
  name = `inbox-${crypto.randomUUID()}`;
  user = 'ada';
});

afterEach(async () => {
  for (const database of open.splice(0).reverse()) await database.close();
  await server.end();
});

async function openDatabase({ isTab = false } = {}) {
  const options = { name, storage, collections: worldCollections, multiInstance: isTab };
  const database = await createDatabase(isTab ? { ...options, ignoreDuplicate: true } : options);
  open.push(database);
  return database;
}

type Database = Awaited<ReturnType<typeof openDatabase>>;

function connect(database: Database) {
  return replicate(database, { url: server.url, token: () => user, backoff: { minMs: 1, maxMs: 5 } });
}

async function refuseOne(database: Database) {
  const sync = connect(database);
  const note = await database.notes.insert({ id: 'n', title: 'Hull', body: 'low tide' });
  await sync.awaitInSync();
  await note.patch({ title: 'Keel', body: TOO_LONG });
  await sync.awaitInSync();
  expect(sync.refused).toHaveLength(1);
  return sync;
}

describe('the inbox', () => {
  it('[RF4] outlives the run of the app: retry, edit and discard work after it, also before there is a link', async () => {
    const first = await openDatabase();
    await refuseOne(first);
    await first.close();
    await server.end();
    const second = await openDatabase();
    const sync = connect(second);
    const [refused] = await firstValueFrom(sync.refused$.pipe(filter((writes) => writes.length > 0)));
    expect(refused).toMatchObject({ id: 'n', code: 'too-large', fields: ['body', 'title'] });
    await refused?.edit({ body: 'high tide' });
    expect(sync.refused).toEqual([]);
    const { title, body } = await second.notes.findOne('n').exec(true);
    expect([title, body]).toEqual(['Keel', 'high tide']);
    await second.close();
    server = await startWorldServer();
    const third = await openDatabase();
    const again = connect(third);
    await firstValueFrom(again.pending$.pipe(filter(({ rows }) => rows === 1)));
    expect(again.refused).toEqual([]);
  });

  it('[RF4] shows the same in every tab', async () => {
    const one = await openDatabase({ isTab: true });
    const two = await openDatabase({ isTab: true });
    const sync = await refuseOne(one);
    const other = connect(two);
    await firstValueFrom(other.refused$.pipe(filter((writes) => writes.length === 1)));
    await other.refused[0]?.discard();
    await firstValueFrom(sync.refused$.pipe(filter((writes) => writes.length === 0)));
  });

  it('[RF6] an edit in another tab after a refusal has Yjs structs of its own', async () => {
    const one = await openDatabase({ isTab: true });
    const two = await openDatabase({ isTab: true });
    const sync = connect(one);
    await two.notes.insert({ id: 'n', title: 'Hull', body: 'low' });
    await firstValueFrom(one.notes.findOne('n').$.pipe(filter((note) => note !== null)));
    await sync.awaitInSync();
    for (const [i, text] of ['one', 'two', 'three'].entries()) {
      await (await two.notes.findOne('n').exec(true)).incrementalModify((note) => ({
        ...note,
        body: `${note.body}${TOO_LONG}`,
      }));
      await firstValueFrom(two.notes.findOne('n').$.pipe(filter((note) => !note?.body?.includes('x'))));
      await (await two.notes.findOne('n').exec(true)).incrementalModify((note) => ({
        ...note,
        body: `${note.body} ${text}`,
      }));
      await expect.poll(() => server.store.head('default', 'notes')).toBe(i + 2);
    }
    const reader = await createDatabase({
      name: `${name}-reader`,
      storage,
      collections: worldCollections,
      multiInstance: false,
    });
    open.push(reader);
    await connect(reader).awaitInSync();
    expect((await reader.notes.findOne('n').exec(true)).body).toBe('low one two three');
  });
});

describe('signing out', () => {
  it('[SO1] leaves the data for the same user', async () => {
    const database = await openDatabase();
    const sync = connect(database);
    await database.notes.insert({ id: 'n', title: 'Hull' });
    await sync.awaitInSync();
    await sync.signOut();
    expect(sync.status.state).toBe('stopped');
    expect(await database.notes.count().exec()).toBe(1);
    await connect(database).awaitInSync();
  });

  it('[SO2] with wipe removes everything from the device', async () => {
    const database = await openDatabase();
    const sync = connect(database);
    await database.notes.insert({ id: 'n', title: 'Hull' });
    await sync.awaitInSync();
    await sync.signOut({ wipe: true });
    user = 'bob';
    const fresh = await openDatabase();
    expect(await fresh.notes.count().exec()).toBe(0);
    await connect(fresh).awaitInSync();
    expect(await fresh.notes.count().exec()).toBe(1);
  });

  it('[SO3] does not destroy what the server does not have, unless it is told to', async () => {
    const database = await openDatabase();
    const sync = await refuseOne(database);
    await expect(sync.signOut({ wipe: true })).rejects.toThrow(UnsentWritesError);
    await sync.refused[0]?.discard();
    sync.pause();
    await database.notes.insert({ id: 'm', title: 'Keel' });
    await expect(sync.signOut({ wipe: true })).rejects.toThrow('1 changes are not on the server');
    expect(await database.notes.count().exec()).toBe(2);
    await sync.signOut({ wipe: true, discardUnsent: true });
    const fresh = await openDatabase();
    expect(await fresh.notes.count().exec()).toBe(0);
  });

  it('[SO4] another user may adopt what the last one left unsent', async () => {
    const database = await openDatabase();
    const ada = connect(database);
    await ada.awaitInSync();
    ada.pause();
    await database.notes.insert({ id: 'n', title: 'Hull' });
    await ada.cancel();
    user = 'bob';
    const bob = connect(database);
    await firstValueFrom(bob.status$.pipe(filter(({ state }) => state === 'failed')));
    expect(server.store.head('default', 'notes')).toBe(0);
    bob.adopt();
    await firstValueFrom(bob.status$.pipe(filter(({ state }) => state === 'live')));
    await bob.awaitInSync();
    expect(server.store.head('default', 'notes')).toBe(1);
  });
});
