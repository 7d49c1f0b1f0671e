import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type BlobFolder, blobFolder } from '../src/blobs/blob-files.ts';
import type { BlobStore, Held } from '../src/blobs/blob-store.ts';
import { openFileBlobStore } from '../src/blobs/file-blob-store.ts';
import { blobOf, noise, type TestBlob } from './blob-world.ts';
import { createFaultyFiles, type FaultyFiles } from './faulty-files.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from './temporary-directory.ts';

const ALL = { offset: 0, maxBytes: 1_000_000 };
const WHOLE: Held = { kind: 'whole' };

let directory: TemporaryDirectory;
let disk: FaultyFiles;
let store: BlobStore;
/** Also those that took no leave, as when a process is killed. */
let opened: BlobStore[];
let folder: BlobFolder;
beforeEach(() => {
  directory = makeTemporaryDirectory();
  disk = createFaultyFiles();
  opened = [];
  store = reopened();
  folder = blobFolder(directory.path, 'acme');
});
afterEach(async () => {
  for (const each of opened) await each.close();
  directory.remove();
});

describe('pieces', () => {
  test('[BS1] they are taken in their order, and read back from anywhere', async () => {
    const blob = noise(1_000);
    expect(await store.look('acme', blob)).toEqual({ kind: 'part', have: 0 });
    expect(await append(blob, 0, 400)).toEqual({ kind: 'part', have: 400 });
    expect(await append(blob, 400, 1_000)).toEqual(WHOLE);
    expect(await store.look('acme', blob)).toEqual(WHOLE);
    expect(await store.read('acme', blob.digest, ALL)).toEqual({ length: 1_000, bytes: blob.bytes });
    expect(await store.read('acme', blob.digest, { offset: 990, maxBytes: 100 })).toEqual({
      length: 1_000,
      bytes: blob.bytes.subarray(990),
    });
    expect(await store.read('acme', blob.digest, { offset: 2_000, maxBytes: 100 })).toMatchObject({ length: 1_000 });
  });

  test('[BS1] one that belongs elsewhere adds nothing, and the answer says where to go on', async () => {
    const blob = noise(1_000);
    await append(blob, 0, 400);
    expect(await append(blob, 0, 400)).toEqual({ kind: 'part', have: 400 });
    expect(await append(blob, 500, 600)).toEqual({ kind: 'part', have: 400 });
    expect(await append(blob, 300, 500)).toEqual({ kind: 'part', have: 400 });
    expect(await append(blob, 400, 400)).toEqual({ kind: 'part', have: 400 });
    expect(await append(blob, 400, 1_000)).toEqual(WHOLE);
    expect(await append(blob, 0, 400)).toEqual(WHOLE);
  });

  test('[BS2] bytes without their digest are thrown away, and the right ones are taken after them', async () => {
    const [blob, other] = [noise(100, 1), noise(100, 2)];
    expect(await store.append('acme', blob, { offset: 0, bytes: other.bytes })).toEqual({ kind: 'wrong' });
    expect(await store.read('acme', blob.digest, ALL)).toBeUndefined();
    expect(names(blob)).toEqual([]);
    expect(await append(blob, 0, 100)).toEqual(WHOLE);
  });

  test('[BS2] a row that is wrong about the length hinders no other', async () => {
    const blob = noise(100);
    const short = { digest: blob.digest, length: 50 };
    expect(await append(blob, 0, 30)).toEqual({ kind: 'part', have: 30 });
    expect(await store.append('acme', short, { offset: 0, bytes: blob.bytes.subarray(0, 50) })).toEqual({
      kind: 'wrong',
    });
    expect(await append(blob, 30, 100)).toEqual(WHOLE);
    expect(await store.look('acme', short)).toEqual(WHOLE);
  });

  test('[BS3] a part outlives the process, and is read through to go on', async () => {
    const blob = noise(1_000);
    await append(blob, 0, 400);
    store = reopened();
    expect(await store.look('acme', blob)).toEqual({ kind: 'part', have: 400 });
    expect(await append(blob, 400, 1_000)).toEqual(WHOLE);
  });

  test('[BS3] a process that ended before it could say so has left nothing undone', async () => {
    const blob = noise(1_000);
    disk.failing = { event: 'rename part', code: 'EIO' };
    await expect(append(blob, 0, 1_000)).rejects.toMatchObject({ name: 'StorageError' });
    disk.failing = undefined;
    store = reopened();
    expect(await store.look('acme', blob)).toEqual(WHOLE);
    expect(names(blob)).toEqual([blob.digest]);
    expect(await reopened().look('acme', blob)).toEqual(WHOLE);
  });

  test('[BS4] a blob is whole when its bytes, its name and its folder have been synced, in this order', async () => {
    const blob = noise(1_000);
    await append(blob, 0, 400);
    disk.events.length = 0;
    const whole = append(blob, 400, 1_000).then(() => disk.events.push('whole'));
    await whole;
    expect(disk.events).toEqual(['write part', 'sync part', 'rename part', 'sync folder', 'whole']);
  });

  test('[BS4] a part is synced as it grows, so that no sync is large', async () => {
    const MIB = 1024 * 1024;
    const blob = noise(5 * MIB);
    for (let at = 0; at < 5 * MIB; at += MIB / 2) await append(blob, at, at + MIB / 2);
    const done = disk.events.filter((event) => event === 'write part' || event === 'sync part');
    const twoMiB = ['write part', 'write part', 'write part', 'write part'];
    expect(done).toEqual([...twoMiB, 'sync part', ...twoMiB, 'sync part', 'write part', 'write part', 'sync part']);
  });

  test('[BS4] each folder that is made is synced into the one above it', async () => {
    await append(noise(10), 0, 5);
    expect(disk.events.filter((event) => event === 'sync folder').length).toBe(2);
  });
});

describe('a disk that fails', () => {
  test('[BS5] a full one fails by name; what had room stays, and it goes on once there is space', async () => {
    const blob = noise(1_000);
    await append(blob, 0, 400);
    disk.failing = { event: 'write part', code: 'ENOSPC', bytesBefore: 100 };
    await expect(append(blob, 400, 1_000)).rejects.toMatchObject({ name: 'StorageError', message: /ENOSPC/ });
    disk.failing = undefined;
    expect(await store.look('acme', blob)).toEqual({ kind: 'part', have: 500 });
    expect(await append(blob, 500, 1_000)).toEqual(WHOLE);
    expect(await store.read('acme', blob.digest, ALL)).toMatchObject({ bytes: blob.bytes });
  });

  test('[BS6] after a sync that failed the bytes must come again: another sync would say nothing of them', async () => {
    const blob = noise(1_000);
    disk.failing = { event: 'sync part', code: 'EIO' };
    await expect(append(blob, 0, 1_000)).rejects.toMatchObject({ name: 'StorageError' });
    disk.failing = undefined;
    expect(await store.look('acme', blob)).toEqual({ kind: 'part', have: 0 });
    expect(await append(blob, 0, 1_000)).toEqual(WHOLE);
  });

  test('[BS6] so it is with a sync on the way', async () => {
    const blob = noise(3 * 1024 * 1024);
    disk.failing = { event: 'sync part', code: 'EIO' };
    await expect(append(blob, 0, blob.length - 1)).rejects.toMatchObject({ name: 'StorageError' });
    disk.failing = undefined;
    expect(await store.look('acme', blob)).toEqual({ kind: 'part', have: 0 });
  });

  test('[BS6] so must they when the folder could not be synced', async () => {
    const blob = noise(1_000);
    await append(blob, 0, 400);
    disk.failing = { event: 'sync folder', code: 'EIO' };
    await expect(append(blob, 400, 1_000)).rejects.toMatchObject({ name: 'StorageError' });
    disk.failing = undefined;
    expect(await store.read('acme', blob.digest, ALL)).toBeUndefined();
    expect(await store.look('acme', blob)).toEqual({ kind: 'part', have: 0 });
  });

  test('[BS6] a part that was cut behind its back is no blob', async () => {
    const blob = noise(1_000);
    await append(blob, 0, 400);
    truncateSync(folder.partPath(blob), 100);
    await expect(append(blob, 400, 1_000)).rejects.toMatchObject({ name: 'StorageError' });
    expect(await store.look('acme', blob)).toEqual({ kind: 'part', have: 0 });
  });

  test('[BS5] one that cannot be read fails by name, and the blob is not set aside for it', async () => {
    const blob = await stored(noise(100));
    store = reopened();
    disk.failing = { event: 'read whole', code: 'EIO' };
    await expect(store.read('acme', blob.digest, ALL)).rejects.toMatchObject({ name: 'StorageError' });
    disk.failing = undefined;
    expect(await store.read('acme', blob.digest, ALL)).toMatchObject({ bytes: blob.bytes });
  });
});

describe('nothing', () => {
  test('[BS7] the blob of no bytes is there as soon as somebody looks for it', async () => {
    const empty = blobOf('');
    expect(await store.look('acme', empty)).toEqual(WHOLE);
    expect(await store.read('acme', empty.digest, ALL)).toEqual({ length: 0, bytes: new Uint8Array() });
  });

  test('[BS7] no bytes do not take the place of some', async () => {
    const blob = noise(100);
    const nothing = { digest: blob.digest, length: 0 };
    expect(await store.look('acme', nothing)).toEqual({ kind: 'wrong' });
    expect(await store.append('acme', nothing, { offset: 0, bytes: new Uint8Array() })).toEqual({ kind: 'wrong' });
    await stored(blob);
    expect(await store.append('acme', nothing, { offset: 0, bytes: new Uint8Array() })).toEqual(WHOLE);
    expect(await store.read('acme', blob.digest, ALL)).toMatchObject({ bytes: blob.bytes });
  });
});

describe('what is handed out', () => {
  test('[BS8] a file that was spoilt, cut or lost is not: it is set aside, and may come anew', async () => {
    const spoil: ((path: string) => void)[] = [
      (path) => writeFileSync(path, noise(100, 2).bytes),
      (path) => truncateSync(path, 50),
      (path) => truncateSync(path, 0),
      (path) => writeFileSync(path, 'x', { flag: 'a' }),
      (path) => rmSync(path),
    ];
    for (const [i, spoilFile] of spoil.entries()) {
      const blob = await stored(noise(100, i + 10));
      expect(await store.read('acme', blob.digest, ALL)).toMatchObject({ bytes: blob.bytes });
      spoilFile(folder.wholePath(blob.digest));
      // Within one tick of the clock a file of the same size looks untouched.
      if (existsSync(folder.wholePath(blob.digest))) utimesSync(folder.wholePath(blob.digest), i, i);
      expect(await store.read('acme', blob.digest, ALL)).toBeUndefined();
      expect(existsSync(folder.asidePath(blob.digest))).toBe(i < 4);
      expect(await store.look('acme', blob)).toEqual({ kind: 'part', have: 0 });
      expect(await append(blob, 0, 100)).toEqual(WHOLE);
      expect(await store.read('acme', blob.digest, ALL)).toMatchObject({ bytes: blob.bytes });
    }
  });

  test('[BS8] what another process has left is read through once, however many ask', async () => {
    const blob = await stored(noise(100));
    store = reopened();
    disk.events.length = 0;
    await Promise.all(Array.from({ length: 10 }, () => store.read('acme', blob.digest, { offset: 0, maxBytes: 0 })));
    expect(disk.events).toEqual(['read whole']);
    await store.read('acme', blob.digest, { offset: 0, maxBytes: 10 });
    expect(disk.events).toEqual(['read whole', 'read whole']);
  });

  test('[BS8] what was spoilt while no process ran is found by the next one', async () => {
    const blob = await stored(noise(100));
    writeFileSync(folder.wholePath(blob.digest), noise(100, 2).bytes);
    store = reopened();
    expect(await store.look('acme', blob)).toEqual({ kind: 'part', have: 0 });
    expect(await store.read('acme', blob.digest, ALL)).toBeUndefined();
  });

  test('[BS9] tenants share nothing, whatever they are called, and stay within the folder', async () => {
    const tenants = ['a', 'A', '', '..', '../..', '/', 'con', 'a/b', 'a\\b', 'é', 'x'.repeat(5_000), '__proto__'];
    const blob = noise(10);
    for (const tenant of tenants) {
      expect(await store.read(tenant, blob.digest, ALL)).toBeUndefined();
      expect(await store.append(tenant, blob, { offset: 0, bytes: blob.bytes })).toEqual(WHOLE);
    }
    const folders = readdirSync(directory.path);
    expect(new Set(folders.map((name) => name.toLowerCase())).size).toBe(tenants.length);
    for (const name of folders) expect(name).toMatch(/^[a-z0-9-]{33,65}$/);
  });

  test('[BS10] however much is asked for at once, few files are open', async () => {
    const blobs = Array.from({ length: 200 }, (_, i) => noise(50, i + 1));
    await Promise.all(blobs.map((blob) => append(blob, 0, 50)));
    store = reopened();
    const read = await Promise.all(blobs.map(({ digest }) => store.read('acme', digest, ALL)));
    expect(read.map((found) => found?.bytes)).toEqual(blobs.map(({ bytes }) => bytes));
    expect(disk.mostOpen).toBeLessThanOrEqual(64);
  });
});

describe('what is left over', () => {
  test('[BS11] old parts that nobody wants are removed, and those that somebody does stay', async () => {
    const [old, wanted, young] = [noise(100, 1), noise(100, 2), noise(100, 3)];
    for (const blob of [old, wanted, young]) await append(blob, 0, 50);
    for (const blob of [old, wanted]) utimesSync(folder.partPath(blob), 1, 1);
    await sweep({ olderThan: 2_000, isWanted: ({ digest }) => digest === wanted.digest });
    expect([old, wanted, young].map((blob) => existsSync(folder.partPath(blob)))).toEqual([false, true, true]);
    expect(await store.look('acme', old)).toEqual({ kind: 'part', have: 0 });
    expect(await append(wanted, 50, 100)).toEqual(WHOLE);
  });

  test('[BS11] whole blobs go when they may, files set aside when they are old, others are left alone', async () => {
    const [gone, kept, aside] = [await stored(noise(9, 1)), await stored(noise(9, 2)), await stored(noise(9, 3))];
    writeFileSync(folder.wholePath(aside.digest), 'spoilt');
    await store.look('acme', aside);
    const foreign = join(folder.folderOf(gone.digest), 'notes.txt');
    writeFileSync(foreign, 'mine');
    await sweep({ mayRemove: async (digest) => digest === gone.digest });
    expect([gone, kept].map(({ digest }) => existsSync(folder.wholePath(digest)))).toEqual([false, true]);
    expect(existsSync(folder.asidePath(aside.digest))).toBe(true);
    await sweep({ olderThan: statSync(folder.asidePath(aside.digest)).ctimeMs + 1 });
    expect(existsSync(folder.asidePath(aside.digest))).toBe(false);
    expect(readFileSync(foreign, 'utf8')).toBe('mine');
    expect(await store.read('acme', gone.digest, ALL)).toBeUndefined();
  });

  test('[BS11] while it is decided whether a blob may go, nothing else happens to it', async () => {
    const blob = await stored(noise(100));
    const events: string[] = [];
    const decision = Promise.withResolvers<boolean>();
    const asked = Promise.withResolvers<void>();
    const swept = sweep({
      mayRemove: async () => {
        asked.resolve();
        return await decision.promise;
      },
    }).then(() => events.push('swept'));
    await asked.promise;
    const put = append(blob, 0, 100).then((held) => events.push(held.kind));
    events.push('decided');
    decision.resolve(true);
    await Promise.all([swept, put]);
    expect(events[0]).toBe('decided');
    // What came meanwhile was taken after the old file had gone.
    expect(await store.read('acme', blob.digest, ALL)).toMatchObject({ bytes: blob.bytes });
  });

  test('[BS11] what cannot be removed is told, and the rest goes on', async () => {
    const blobs = [await stored(noise(9, 1)), await stored(noise(9, 2))];
    const failed: unknown[] = [];
    await sweep({
      mayRemove: async (digest) => {
        if (digest === blobs[0]?.digest) throw new Error('not now');
        return true;
      },
      failed: (error) => failed.push(error),
    });
    expect(failed).toHaveLength(1);
    expect(blobs.map(({ digest }) => existsSync(folder.wholePath(digest)))).toEqual([true, false]);
  });
});

function reopened(): BlobStore {
  const open = openFileBlobStore(directory.path, disk.files);
  opened.push(open);
  return open;
}

function append(blob: TestBlob, from: number, to: number): Promise<Held> {
  return store.append('acme', blob, { offset: from, bytes: blob.bytes.subarray(from, to) });
}

async function stored(blob: TestBlob): Promise<TestBlob> {
  expect(await append(blob, 0, blob.length)).toEqual(WHOLE);
  return blob;
}

function names({ digest }: TestBlob): string[] {
  return readdirSync(folder.folderOf(digest));
}

function sweep(rules: Partial<Parameters<BlobStore['sweep']>[1]>): Promise<void> {
  const failed = (error: unknown) => {
    throw error;
  };
  return store.sweep('acme', { olderThan: 0, isWanted: () => true, mayRemove: async () => false, failed, ...rules });
}
