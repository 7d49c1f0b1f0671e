import {
  AttachmentMissingError,
  batch,
  ConfirmTimeoutError,
  createDatabase,
  type Replication,
  replicate,
} from '@breakwater/client';
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { addRxPlugin, type RxStorage, type RxStorageInstance } from 'rxdb';
import { RxDBAttachmentsPlugin } from 'rxdb/plugins/attachments';
import { disableWarnings, RxDBDevModePlugin } from 'rxdb/plugins/dev-mode';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { wrappedValidateAjvStorage } from 'rxdb/plugins/validate-ajv';
import { filter, firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CuttableSockets, createCuttableSockets } from '../src/cuttable-sockets.ts';
import { openWorldClient, startWorldServer, type WorldServer, worldCollections } from '../src/world.ts';

// Only in dev-mode may a database be open twice in one process, as in two tabs.
disableWarnings();
addRxPlugin(RxDBDevModePlugin);
addRxPlugin(RxDBAttachmentsPlugin);

let server: WorldServer;
let storage: RxStorage<unknown, unknown>;
let name: string;
let sockets: { opened: number; readonly byTab: CuttableSockets[] };
const open: Tab[] = [];

beforeEach(async () => {
  server = await startWorldServer();
  storage = wrappedValidateAjvStorage({ storage: getRxStorageDexie({ indexedDB: new IDBFactory(), IDBKeyRange }) });
  name = `tabs-${crypto.randomUUID()}`;
  sockets = { opened: 0, byTab: [] };
});

afterEach(async () => {
  for (const { close } of open.splice(0).reverse()) await close();
  await server.end();
});

interface Tab {
  readonly notes: Awaited<ReturnType<typeof openDatabase>>['notes'];
  readonly database: Awaited<ReturnType<typeof openDatabase>>;
  readonly sync: Replication;
  readonly sockets: CuttableSockets;
  close(): Promise<unknown>;
}

function openDatabase() {
  return createDatabase({
    name,
    storage,
    collections: worldCollections,
    multiInstance: true,
    ignoreDuplicate: true,
  });
}

async function openTab(): Promise<Tab> {
  const database = await openDatabase();
  const own = createCuttableSockets();
  const webSocket: CuttableSockets['webSocket'] = (url) => {
    sockets.opened++;
    return own.webSocket(url);
  };
  const sync = replicate(database, { url: server.url, webSocket, backoff: { minMs: 1, maxMs: 5 } });
  const tab: Tab = { database, notes: database.notes, sync, sockets: own, close: () => database.close() };
  open.push(tab);
  return tab;
}

/** The first leads, the second watches. */
async function openTwo(): Promise<[leader: Tab, follower: Tab]> {
  const leader = await openTab();
  await leader.sync.awaitInSync();
  const follower = await openTab();
  await follower.sync.awaitInSync();
  return [leader, follower];
}

const state = ({ sync }: Tab, wanted: string) =>
  firstValueFrom(sync.status$.pipe(filter((status) => status.state === wanted)));

describe('tabs of one database', () => {
  it('[TL1] share one socket', async () => {
    const [leader, follower] = await openTwo();
    await follower.notes.insert({ id: 'f', title: 'Follower' });
    await leader.notes.insert({ id: 'l', title: 'Leader' });
    await Promise.all([leader.sync.awaitInSync(), follower.sync.awaitInSync()]);
    expect(sockets.opened).toBe(1);
    expect(server.store.head('default', 'notes')).toBe(2);
  });

  it('[TL2] show the same status and the same that is pending', async () => {
    const [leader, follower] = await openTwo();
    follower.sync.pause();
    await Promise.all([state(leader, 'paused'), state(follower, 'paused')]);
    await follower.notes.insert({ id: 'f', title: 'Follower' });
    await leader.notes.insert({ id: 'l', title: 'Leader' });
    for (const { sync } of [leader, follower]) {
      await firstValueFrom(sync.pending$.pipe(filter(({ rows }) => rows === 2)));
    }
    follower.sync.start();
    await Promise.all([state(leader, 'live'), state(follower, 'live')]);
    await follower.sync.awaitInSync();
    expect([leader.sync.pending.rows, follower.sync.pending.rows]).toEqual([0, 0]);
  });

  it('[SS4] show the same breaker', async () => {
    const [leader, follower] = await openTwo();
    await server.end();
    for (const { sync } of [leader, follower]) {
      await firstValueFrom(sync.breaker$.pipe(filter(({ state }) => state === 'open')));
    }
    expect(follower.sync.breaker).toEqual(leader.sync.breaker);
    expect(follower.sync.breaker).toMatchObject({ failures: 5, threshold: 5 });
    server = await startWorldServer();
  });

  it('[TL3] awaitInSync waits for what was just written in its own tab', async () => {
    const [, follower] = await openTwo();
    for (let i = 1; i <= 20; i++) {
      await follower.notes.insert({ id: `n${i}`, title: 'Hull' });
      await follower.sync.awaitInSync();
      expect(server.store.head('default', 'notes')).toBe(i);
    }
  });

  it('[TL3] confirm answers in every tab, or throws in time', async () => {
    const [leader, follower] = await openTwo();
    expect(await follower.sync.confirm(await follower.notes.insert({ id: 'f', title: 'Hull' }))).toBe('stored');
    leader.sync.pause();
    await state(follower, 'paused');
    const note = await follower.notes.insert({ id: 'g', title: 'Keel' });
    await expect(follower.sync.confirm(note, { timeoutMs: 20 })).rejects.toThrow(ConfirmTimeoutError);
    const confirmed = follower.sync.confirm(note);
    leader.sync.start();
    expect(await confirmed).toBe('stored');
  });

  it('[TL4] when the tab that replicates is closed another does so at once, and answers what was asked', async () => {
    const [leader, follower] = await openTwo();
    const third = await openTab();
    await third.sync.awaitInSync();
    leader.sockets.deafen();
    const note = await follower.notes.insert({ id: 'f', title: 'Hull' });
    const confirmed = follower.sync.confirm(note);
    await expect.poll(() => server.store.head('default', 'notes')).toBe(1);
    await leader.close();
    expect(await confirmed).toBe('stored');
    await third.notes.insert({ id: 't', title: 'Keel' });
    await Promise.all([follower.sync.awaitInSync(), third.sync.awaitInSync()]);
    expect(server.store.head('default', 'notes')).toBe(2);
    expect(sockets.opened).toBe(2);
  });

  it('[TL4] the next one goes on waiting if the one before was paused', async () => {
    const [leader, follower] = await openTwo();
    leader.sync.pause();
    await state(follower, 'paused');
    await leader.close();
    await follower.notes.insert({ id: 'f', title: 'Hull' });
    await firstValueFrom(follower.sync.pending$.pipe(filter(({ rows }) => rows === 1)));
    expect(follower.sync.status.state).toBe('paused');
    expect(sockets.opened).toBe(1);
    follower.sync.start();
    await follower.sync.awaitInSync();
  });

  it('[TL4] a tab that cannot replicate leaves it to another, and shows what that does', async () => {
    const broken = breakable(storage);
    storage = broken.storage;
    const database = await openDatabase();
    open.push({ close: () => database.close() } as Tab);
    broken.isBroken = true;
    const failing = replicate(database, { url: server.url });
    await firstValueFrom(failing.status$.pipe(filter((status) => status.state === 'failed')));
    broken.isBroken = false;
    const tab = await openTab();
    await tab.sync.awaitInSync();
    await firstValueFrom(failing.status$.pipe(filter((status) => status.state === 'live')));
  });

  it('[TL5] a batch written in a tab that watches goes up as one', async () => {
    const [, follower] = await openTwo();
    await batch(follower.database, (tx) => {
      tx.notes.insert({ id: 'a', title: 'Hull' });
      tx.notes.insert({ id: 'b', title: 'Keel' });
    });
    await follower.sync.awaitInSync();
    expect(server.store.head('default', 'notes')).toBe(2);
  });

  it('[TL5] an edit in one tab of what was acknowledged in the other sends the edit, not the row', async () => {
    const [leader, follower] = await openTwo();
    const sent: number[] = [];
    leader.sockets.onSend = (frame) => sent.push(frame.length);
    const note = await follower.notes.insert({ id: 'a', title: 'x'.repeat(200) });
    await follower.sync.awaitInSync();
    expect(Math.max(...sent)).toBeGreaterThan(200);
    let rating = 0;
    // The news of an ack take their own way from tab to tab; until they have come, the row is sent whole.
    const bytesOfNextEdit = async () => {
      await note.incrementalPatch({ rating: ++rating });
      await follower.sync.awaitInSync();
      return sent.at(-1);
    };
    await expect.poll(bytesOfNextEdit).toBeLessThan(150);
  });

  it('[TL6] signing out with wipe in one tab ends and empties all', async () => {
    const [leader, follower] = await openTwo();
    await leader.notes.insert({ id: 'a', title: 'Hull' });
    await leader.sync.awaitInSync();
    await follower.sync.signOut({ wipe: true });
    await state(leader, 'stopped');
    await expect.poll(() => leader.database.closed).toBe(true);
    open.splice(0);
    const fresh = await openDatabase();
    expect(await fresh.notes.count().exec()).toBe(0);
    await fresh.close();
  });

  /** Another device, whose photo is on the server. */
  async function shareFromElsewhere(data: Blob): Promise<void> {
    const device = await openWorldClient({
      name: 'elsewhere',
      url: server.url,
      storage: wrappedValidateAjvStorage({ storage: getRxStorageMemory() }),
      random: Math.random,
    });
    const note = await device.notes.insert({ id: 'a', title: 'Hull' });
    const { digest } = await note.putAttachment({ id: 'photo', data, type: 'image/png' });
    await expect.poll(() => server.store.blobs.isStored('default', digest)).toBe(true);
    await device.end();
  }

  async function photoIn({ notes }: Tab) {
    await expect.poll(() => notes.count().exec()).toBe(1);
    const photo = (await notes.findOne('a').exec(true)).getAttachment('photo');
    if (photo === null) throw new Error('no photo');
    return photo;
  }

  it('[AT12] bytes of attachments come in the tab that watches as in the one that leads, and for both', async () => {
    await shareFromElsewhere(new Blob(['low tide']));
    const [leader, follower] = await openTwo();
    const shown = firstValueFrom(follower.sync.transfers$.pipe(filter(({ length }) => length === 1)));
    expect(await (await photoIn(follower)).getStringData()).toBe('low tide');
    expect(await shown).toMatchObject([{ direction: 'down', id: 'a', name: 'photo' }]);
    leader.sync.pause();
    await state(follower, 'paused');
    expect(await (await photoIn(leader)).getStringData()).toBe('low tide');
    expect(await (await photoIn(follower)).getStringData()).toBe('low tide');
  });

  it('[AT12] what cannot be had fails in it by the same name, and what is not wanted any more ends', async () => {
    await shareFromElsewhere(new Blob(['low tide']));
    const [leader, follower] = await openTwo();
    const photo = await photoIn(follower);
    leader.sync.pause();
    await state(follower, 'paused');
    const missing = await photo.getData().catch((error: unknown) => error);
    expect(missing).toBeInstanceOf(AttachmentMissingError);
    expect(String(missing)).toContain('there is no link');
    const controller = new AbortController();
    const waiting = follower.sync.attachmentData(photo, { wait: true, signal: controller.signal });
    await firstValueFrom(leader.sync.transfers$.pipe(filter(({ length }) => length === 1)));
    controller.abort(new Error('gone from the screen'));
    await expect(waiting).rejects.toThrow('gone from the screen');
    await firstValueFrom(leader.sync.transfers$.pipe(filter(({ length }) => length === 0)));
  });

  it('[AT12] when the tab that leads is closed, the next one fetches on', async () => {
    await shareFromElsewhere(new Blob(['low tide']));
    const [leader, follower] = await openTwo();
    const photo = await photoIn(follower);
    leader.sync.pause();
    await state(follower, 'paused');
    const waiting = follower.sync.attachmentData(photo, { wait: true });
    await firstValueFrom(leader.sync.transfers$.pipe(filter(({ length }) => length === 1)));
    await leader.close();
    follower.sync.start();
    expect(await (await waiting).text()).toBe('low tide');
  });
});

/** A storage of which RxDB's own store, where replication keeps its records, cannot be read while it is broken. */
function breakable(inner: RxStorage<unknown, unknown>) {
  const broken = {
    isBroken: false,
    storage: {
      ...inner,
      async createStorageInstance<D>(params: Parameters<typeof inner.createStorageInstance<D>>[0]) {
        const instance: RxStorageInstance<D, unknown, unknown> = await inner.createStorageInstance<D>(params);
        if (params.collectionName !== '_rxdb_internal') return instance;
        const findDocumentsById = instance.findDocumentsById.bind(instance);
        instance.findDocumentsById = async (ids, deleted) => {
          if (broken.isBroken) throw new Error('the disk is gone');
          return findDocumentsById(ids, deleted);
        };
        return instance;
      },
    },
  };
  return broken;
}
