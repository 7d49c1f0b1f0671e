import { createHash, type Hash } from 'node:crypto';
import type { BlobRef } from '../store.ts';
import type { BlobFolder } from './blob-files.ts';
import { type FileSystem, ifThere, makeFolder, readFirst, syncFolder, withFile, writeAll } from './files.ts';
import { createOpenFiles } from './open-files.ts';
import { createRecent } from './recent.ts';

/** The files of blobs that are not whole yet. Work on one blob must come one at a time. */
export interface BlobParts {
  /** How many bytes there are. */
  size(folder: BlobFolder, blob: BlobRef): Promise<number>;
  append(folder: BlobFolder, blob: BlobRef, bytes: Uint8Array): Promise<void>;
  /** Makes a part that has all its bytes the blob, on the disk; false: it has another digest and is gone. */
  finish(folder: BlobFolder, blob: BlobRef): Promise<boolean>;
  remove(folder: BlobFolder, blob: BlobRef): Promise<void>;
  /** Closes what is open still. */
  close(): Promise<void>;
}

/** What is known of a part beside its bytes. */
interface Part {
  readonly hash: Hash;
  size: number;
  /** Up to where it was synced, by this process. */
  synced: number;
}

/** A part is synced each time that it has grown by so many bytes: behind a large sync the commits of rows would wait. */
const SYNC_EVERY_BYTES = 2 * 1024 * 1024;

/** Parts whose hash is at hand. Those of others are read through once more when they go on. */
const MAX_OPEN_PARTS = 1_024;

/** @param maxOpenFiles parts that stay open between their pieces. */
export function createBlobParts(files: FileSystem, maxOpenFiles: number): BlobParts {
  const written = createOpenFiles(files, 'a', maxOpenFiles);
  const partsByPath = createRecent<Part>(MAX_OPEN_PARTS);

  return {
    async size(folder, blob) {
      return (await partOf(folder, blob)).size;
    },
    async append(folder, blob, bytes) {
      const part = await begun(folder, blob);
      const path = folder.partPath(blob);
      const writing = forgetOnFailure(path, () => written.use(path, (file) => writeAll(file, bytes)));
      // While the disk writes. If that fails, the hash is made anew from what is there.
      part.hash.update(bytes);
      await writing;
      part.size += bytes.length;
      if (part.size - part.synced >= SYNC_EVERY_BYTES && part.size < blob.length) await syncGrown(folder, blob, part);
    },
    async finish(folder, blob) {
      const part = await begun(folder, blob);
      await written.close(folder.partPath(blob));
      const digest = part.hash.copy().digest('hex');
      if (digest !== blob.digest) {
        await remove(folder, blob);
        return false;
      }
      await sync(folder, blob);
      await moveIntoPlace(folder, blob);
      return true;
    },
    remove,
    close: written.closeAll,
  };

  /** The part, and a folder for it. */
  async function begun(folder: BlobFolder, blob: BlobRef): Promise<Part> {
    const part = await partOf(folder, blob);
    if (part.size === 0) await makeFolder(files, folder.folderOf(blob.digest));
    return part;
  }

  async function partOf(folder: BlobFolder, blob: BlobRef): Promise<Part> {
    const path = folder.partPath(blob);
    const known = partsByPath.get(path);
    if (known !== undefined) return known;
    const part = (await ifThere(withFile(files, path, 'r', readPart))) ?? {
      hash: createHash('sha256'),
      size: 0,
      synced: 0,
    };
    if (part.size > blob.length) {
      await written.close(path);
      await files.rm(path);
      return partOf(folder, blob);
    }
    partsByPath.set(path, part);
    return part;
  }

  async function syncGrown(folder: BlobFolder, blob: BlobRef, part: Part): Promise<void> {
    try {
      await written.use(folder.partPath(blob), (file) => file.sync());
      part.synced = part.size;
    } catch (error) {
      await remove(folder, blob);
      throw error;
    }
  }

  /** Of what was lost behind the server's back nothing is put in its place. After a failed sync nobody knows what is on the disk, and another sync would not tell: the bytes must come again. */
  async function sync(folder: BlobFolder, blob: BlobRef): Promise<void> {
    try {
      await withFile(files, folder.partPath(blob), 'a', async (file) => {
        await file.sync();
        const { size } = await file.stat();
        if (size !== blob.length) throw new Error(`a part has ${size} bytes and should have ${blob.length}`);
      });
    } catch (error) {
      await remove(folder, blob);
      throw error;
    }
  }

  async function moveIntoPlace(folder: BlobFolder, blob: BlobRef): Promise<void> {
    const path = folder.partPath(blob);
    await forgetOnFailure(path, () => files.rename(path, folder.wholePath(blob.digest)));
    partsByPath.delete(path);
    try {
      await syncFolder(files, folder.folderOf(blob.digest));
    } catch (error) {
      await files.rm(folder.wholePath(blob.digest), { force: true });
      throw error;
    }
  }

  async function remove(folder: BlobFolder, blob: BlobRef): Promise<void> {
    const path = folder.partPath(blob);
    partsByPath.delete(path);
    await written.close(path);
    await files.rm(path, { force: true });
  }

  /** How much of it was done is seen from the file. */
  async function forgetOnFailure(path: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      partsByPath.delete(path);
      throw error;
    }
  }
}

async function readPart(file: Parameters<typeof readFirst>[0]): Promise<Part> {
  const hash = createHash('sha256');
  const size = await readFirst(file, (await file.stat()).size, (bytes) => hash.update(bytes));
  return { hash, size, synced: 0 };
}
