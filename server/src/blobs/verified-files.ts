import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { readFirst } from './files.ts';
import { createRecent } from './recent.ts';

/** Which files were found to have their digest, since this process began. */
export interface VerifiedFiles {
  /** Is the open file the one that was verified, and untouched since? */
  has(path: string, file: FileHandle): Promise<boolean>;
  /** Reads all of it. True: it has the digest, and is verified from now on. */
  verify(path: string, digest: string, file: FileHandle): Promise<boolean>;
  add(path: string, file: FileHandle): Promise<void>;
  forget(path: string): void;
}

/** Bounds the memory; what was forgotten is read through once more. */
const MAX_FILES = 50_000;

export function createVerifiedFiles(): VerifiedFiles {
  const marks = createRecent<string>(MAX_FILES);

  return {
    has: async (path, file) => marks.has(path) && marks.get(path) === (await markOf(file)),
    async verify(path, digest, file) {
      // Taken first: what changes while it is read does not count as verified.
      const mark = await markOf(file);
      if ((await digestOf(file)) !== digest) return false;
      marks.set(path, mark);
      return true;
    },
    async add(path, file) {
      marks.set(path, await markOf(file));
    },
    forget: (path) => marks.delete(path),
  };
}

async function markOf(file: FileHandle): Promise<string> {
  const { ino, size, mtimeMs } = await file.stat();
  return `${ino} ${size} ${mtimeMs}`;
}

async function digestOf(file: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  await readFirst(file, (await file.stat()).size, (bytes) => hash.update(bytes));
  return hash.digest('hex');
}
