import { createHash } from 'node:crypto';
import {
  createDatabase,
  defineCollections,
  replicate,
  StorageFullError,
  type SyncError,
  storageUsage,
} from '@breakwater/client';
import type { RxStorage } from 'rxdb';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type WorldClient, worldCollections } from '../src/world.ts';
import {
  type AttachmentWorld,
  attach,
  attachmentOf,
  expectBytes,
  noise,
  openAttachmentWorld,
  uploaded,
} from './attachment-helpers.ts';

/** What the test does to a storage that otherwise works. */
interface Fault {
  isFull: boolean;
  /** What is read in place of the bytes. */
  rotten: Blob | undefined;
}

let fault: Fault;
let world: AttachmentWorld;
let device: WorldClient;

beforeEach(async () => {
  fault = { isFull: false, rotten: undefined };
  world = await openAttachmentWorld(() => faulty(getRxStorageMemory()));
  device = await world.device('one');
});

afterEach(async () => {
  vi.unstubAllGlobals();
  await world.end();
});

function faulty<I, O>(storage: RxStorage<I, O>): RxStorage<I, O> {
  return {
    ...storage,
    async createStorageInstance<D>(params: Parameters<typeof storage.createStorageInstance<D>>[0]) {
      const instance = await storage.createStorageInstance<D>(params);
      const bulkWrite = instance.bulkWrite.bind(instance);
      const read = instance.getAttachmentData.bind(instance);
      instance.bulkWrite = async (rows, context) => {
        if (!fault.isFull || params.collectionName !== 'notes') return bulkWrite(rows, context);
        // As Dexie throws it.
        const inner = Object.assign(new Error('no space'), { name: 'QuotaExceededError' });
        throw Object.assign(new Error('the transaction was aborted'), { name: 'AbortError', inner });
      };
      instance.getAttachmentData = async (...args) => fault.rotten ?? read(...args);
      // What is ours goes to the class of an instance, past what others have put on it: here that is the faulty one.
      return Object.create(instance) as typeof instance;
    },
  };
}

/** As the wrappers are that resolve these options. */
function tolerant<I, O>(storage: RxStorage<I, O>): RxStorage<I, O> {
  return {
    ...storage,
    createStorageInstance: (params) =>
      storage.createStorageInstance({ ...params, schema: { ...params.schema, attachments: {} } }),
  };
}

describe('the storage under attachments', () => {
  it('[AT8] bytes that rotted on the device reach nobody, and are told of', async () => {
    const errors: SyncError[] = [];
    device.sync.errors$.subscribe((error) => errors.push(error));
    fault.rotten = noise(1_000, 2);
    await attach(device, 'a', 'photo', noise(1_000));
    await device.sync.awaitInSync();
    await expect.poll(() => errors).toMatchObject([{ code: 'attachment-corrupt', collection: 'notes' }]);
    const { digest } = await attachmentOf(device, 'a', 'photo');
    expect(world.server.store.blobs.isStored('default', digest)).toBe(false);
  });

  it('[AT9] a full device is told to the writer, and in errors$; later the same write works', async () => {
    const told = firstValueFrom(device.sync.errors$);
    await device.notes.insert({ id: 'a', title: 'Hull' });
    fault.isFull = true;
    await expect(attach(device, 'a', 'photo', noise(1_000))).rejects.toThrow(StorageFullError);
    expect(await told).toMatchObject({ code: 'storage-full', collection: 'notes' });
    fault.isFull = false;
    await attach(device, 'a', 'photo', noise(1_000));
    expect((await attachmentOf(device, 'a', 'photo')).length).toBe(1_000);
  });

  it('[AT9] what the device has no room for is shown, but prefetching ends', async () => {
    await attach(device, 'a', 'photo', noise(1_000));
    await device.sync.awaitInSync();
    const { digest } = await attachmentOf(device, 'a', 'photo');
    await uploaded(world.server, digest);
    const other = await world.device('two');
    await world.inStep(device, other);
    fault.isFull = true;
    await expectBytes(await (await attachmentOf(other, 'a', 'photo')).getData(), noise(1_000));
    const told = firstValueFrom(other.sync.errors$);
    await expect(other.sync.prefetch()).rejects.toThrow(StorageFullError);
    expect(await told).toMatchObject({ code: 'storage-full' });
    fault.isFull = false;
    expect(await other.sync.prefetch()).toEqual({ fetched: 1, missing: 0 });
  });

  it('[AT13] a database whose hash function is not sha-256 does not replicate attachments, and says why', async () => {
    const database = await createDatabase({
      name: `sha1-${crypto.randomUUID()}`,
      storage: getRxStorageMemory(),
      collections: worldCollections,
      hashFunction: async (data) =>
        createHash('sha1')
          .update(data instanceof Blob ? await data.bytes() : String(data))
          .digest('hex'),
    });
    const sync = replicate(database, { url: world.server.url });
    await expect(sync.awaitInSync()).rejects.toThrow('a hashFunction that is not sha-256');
    expect(sync.status).toMatchObject({ state: 'failed' });
    await database.remove();
  });

  it('[AT13] neither does one that compresses or encrypts them', async () => {
    for (const attachments of [{ compression: 'deflate' }, { encrypted: true }] as const) {
      const schema = { ...worldCollections.notes.schema, attachments };
      const collections = defineCollections({ notes: { schema } });
      const name = `changed-${crypto.randomUUID()}`;
      const storage = getRxStorageMemory();
      const database = await createDatabase({ name, storage: tolerant(storage), collections });
      const sync = replicate(database, { url: world.server.url });
      await expect(sync.awaitInSync()).rejects.toThrow('notes: attachments that RxDB compresses or encrypts');
      await database.remove();
    }
  });

  it('[AT14] the platform is asked to keep the data once an attachment is written, once, unless it does already', async () => {
    const asked = vi.fn(async () => true);
    let persisted = false;
    vi.stubGlobal('navigator', {
      storage: {
        persisted: async () => persisted,
        persist: asked,
        estimate: async () => ({ usage: 1_000, quota: 5_000 }),
      },
    });
    await device.notes.insert({ id: 'a', title: 'Hull' });
    expect(asked).not.toHaveBeenCalled();
    await attach(device, 'a', 'photo', noise(100));
    await attach(device, 'a', 'plan', noise(100, 2));
    await expect.poll(() => asked.mock.calls.length).toBe(1);
    persisted = true;
    await attach(await world.device('two'), 'b', 'photo', noise(100));
    expect(asked).toHaveBeenCalledTimes(1);
    expect(await storageUsage()).toEqual({ usage: 1_000, quota: 5_000, persisted: true });
  });

  it('[AT14] … or is told not to; a platform without such a thing is left alone', async () => {
    expect(await storageUsage()).toEqual({ usage: undefined, quota: undefined, persisted: false });
    const asked = vi.fn(async () => true);
    vi.stubGlobal('navigator', { storage: { persisted: async () => false, persist: asked } });
    const database = await createDatabase({
      name: `quiet-${crypto.randomUUID()}`,
      storage: getRxStorageMemory(),
      collections: worldCollections,
    });
    replicate(database, { url: world.server.url, persist: false });
    const note = await database.notes.insert({ id: 'a', title: 'Hull' });
    await note.putAttachment({ id: 'photo', data: noise(10), type: 'image/png' });
    expect(asked).not.toHaveBeenCalled();
    await database.remove();
  });
});
