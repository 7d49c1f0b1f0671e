import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { type BlobRef, StorageError } from '../store.ts';
import { type BlobFile, type BlobFolder, blobFolder, readFileName } from './blob-files.ts';
import { createBlobParts } from './blob-parts.ts';
import type { BlobBytes, BlobRange, BlobStore, Held, SweepRules } from './blob-store.ts';
import { type FileSystem, ifThere, syncFolder, withFile } from './files.ts';
import { createGate } from './gate.ts';
import { createKeyLocks } from './key-locks.ts';
import { createOpenFiles } from './open-files.ts';
import { createVerifiedFiles } from './verified-files.ts';

/** What is done with files at the same time, each with one open; whoever wants another one waits. */
const MAX_AT_ONCE = 48;

/** Files that stay open between their pieces, of those that grow and of those that are read. Together 64. */
const MAX_KEPT_OPEN = 8;

const WHOLE: Held = { kind: 'whole' };

/**
 * Blobs as files below a folder, which is made when the first one comes: `<tenant>/<2 digits>/<digest>`, and while a blob
 * is not whole `<digest>-<length>.part`. A file is read through before a byte of it is handed out: once in the life of the
 * process, and whenever its size or time has changed.
 */
export function openFileBlobStore(root: string, files: FileSystem = fs): BlobStore {
  const parts = createBlobParts(files, MAX_KEPT_OPEN);
  const wholes = createOpenFiles(files, 'r', MAX_KEPT_OPEN);
  const verified = createVerifiedFiles();
  const locks = createKeyLocks();
  const gate = createGate(MAX_AT_ONCE);

  return {
    look: (tenant, blob) => {
      return alone(tenant, blob.digest, async (folder) => {
        return (await isWhole(folder, blob.digest)) ? WHOLE : finishIfComplete(folder, blob);
      });
    },
    append: (tenant, blob, { offset, bytes }) => {
      return alone(tenant, blob.digest, async (folder) => {
        const size = await parts.size(folder, blob);
        if (size === 0 && (await isWhole(folder, blob.digest))) return WHOLE;
        if (offset !== size) return { kind: 'part', have: size };
        if (bytes.length > 0) await parts.append(folder, blob, bytes);
        return finishIfComplete(folder, blob);
      });
    },
    async read(tenant, digest, range) {
      const folder = blobFolder(root, tenant);
      const found = await attempt(() => gate.run(() => readIfVerified(folder, digest, range)));
      if (found !== 'unverified') return found;
      if (!(await alone(tenant, digest, () => verify(folder, digest)))) return undefined;
      const again = await attempt(() => gate.run(() => readIfVerified(folder, digest, range)));
      if (again === 'unverified') throw new StorageError('a blob is being changed while it is read');
      return again;
    },
    async sweep(tenant, rules) {
      const { path } = blobFolder(root, tenant);
      for (const name of (await ifThere(files.readdir(path))) ?? []) {
        for (const file of (await ifThere(files.readdir(join(path, name)))) ?? []) await sweepFile(tenant, file, rules);
      }
    },
    async close() {
      await locks.idle();
      await Promise.all([parts.close(), wholes.closeAll()]);
    },
  };

  /** Nothing else happens to the blob meanwhile. */
  function alone<T>(tenant: string, digest: string, work: (folder: BlobFolder) => Promise<T>): Promise<T> {
    const folder = blobFolder(root, tenant);
    return locks.run(folder.wholePath(digest), () => attempt(() => gate.run(() => work(folder))));
  }

  async function isWhole(folder: BlobFolder, digest: string): Promise<boolean> {
    if (!(await verify(folder, digest))) return false;
    // Whoever put it there may have had no time for this.
    await syncFolder(files, folder.folderOf(digest));
    return true;
  }

  async function finishIfComplete(folder: BlobFolder, blob: BlobRef): Promise<Held> {
    const have = await parts.size(folder, blob);
    if (have < blob.length) return { kind: 'part', have };
    if (!(await parts.finish(folder, blob))) return { kind: 'wrong' };
    const path = folder.wholePath(blob.digest);
    await wholes.close(path);
    verified.add(path, await files.stat(path));
    return WHOLE;
  }

  /** Is it there, and what its digest says? What is not is set aside. */
  async function verify(folder: BlobFolder, digest: string): Promise<boolean> {
    const path = folder.wholePath(digest);
    const isGood = await ifThere(
      withFile(files, path, 'r', async (file) => {
        if (verified.has(path, await file.stat())) return true;
        await wholes.close(path);
        return await verified.verify(path, digest, file);
      }),
    );
    if (isGood !== true) verified.forget(path);
    if (isGood === false) await files.rename(path, folder.asidePath(digest));
    return isGood === true;
  }

  async function readIfVerified(
    folder: BlobFolder,
    digest: string,
    range: BlobRange,
  ): Promise<BlobBytes | 'unverified' | undefined> {
    const path = folder.wholePath(digest);
    const size = verified.sizeOf(path);
    if (size === undefined) return 'unverified';
    const bytes = new Uint8Array(Math.max(0, Math.min(range.maxBytes, size - range.offset)));
    // By its path, not by the open file: it may have been removed, or be another one.
    const found = await ifThere(Promise.all([files.stat(path), fill(bytes, path, range.offset)]));
    if (found === undefined) return undefined;
    const [now, bytesRead] = found;
    return verified.has(path, now) ? { length: size, bytes: bytes.subarray(0, bytesRead) } : 'unverified';
  }

  async function fill(bytes: Uint8Array, path: string, offset: number): Promise<number> {
    if (bytes.length === 0) return 0;
    return (await wholes.use(path, (file) => file.read(bytes, 0, bytes.length, offset))).bytesRead;
  }

  async function sweepFile(tenant: string, name: string, rules: SweepRules): Promise<void> {
    const file = readFileName(name);
    if (file === undefined) return;
    try {
      const { digest } = file.kind === 'part' ? file.blob : file;
      await alone(tenant, digest, (folder) => removeIfLeftOver(folder, file, rules));
    } catch (error) {
      rules.failed(error);
    }
  }

  async function removeIfLeftOver(folder: BlobFolder, file: BlobFile, rules: SweepRules): Promise<void> {
    switch (file.kind) {
      case 'whole': {
        if (!(await rules.mayRemove(file.digest))) return;
        verified.forget(folder.wholePath(file.digest));
        await wholes.close(folder.wholePath(file.digest));
        return await files.rm(folder.wholePath(file.digest), { force: true });
      }
      case 'part': {
        const { mtimeMs } = await files.stat(folder.partPath(file.blob));
        if (mtimeMs < rules.olderThan && !rules.isWanted(file.blob)) await parts.remove(folder, file.blob);
        return;
      }
      case 'aside': {
        // Setting it aside changed the time of the entry, not that of the bytes.
        const { ctimeMs } = await files.stat(folder.asidePath(file.digest));
        if (ctimeMs < rules.olderThan) await files.rm(folder.asidePath(file.digest), { force: true });
        return;
      }
    }
  }
}

async function attempt<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StorageError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new StorageError(`the files of blobs failed: ${message}`, { cause: error });
  }
}
