import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { readFirst } from './files.ts';
import { createRecent } from './recent.ts';

/** Which files were found to have their digest, since this process began. */
export interface VerifiedFiles {
  /** Bytes of the file that was verified; whether that is still there, only `has` says. Undefined: none was. */
  sizeOf(path: string): number | undefined;
  /** Is the file that is there now the one that was verified, and untouched since? */
  has(path: string, now: Stats): boolean;
  /** Reads all of it. True: it has the digest, and is verified from now on. */
  verify(path: string, digest: string, file: FileHandle): Promise<boolean>;
  add(path: string, now: Stats): void;
  forget(path: string): void;
}

/** What changes when somebody touches the file. */
type Mark = Pick<Stats, 'ino' | 'size' | 'mtimeMs'>;

/** Bounds the memory; what was forgotten is read through once more. */
const MAX_FILES = 50_000;

export function createVerifiedFiles(): VerifiedFiles {
  const marks = createRecent<Mark>(MAX_FILES);

  return {
    sizeOf: (path) => marks.get(path)?.size,
    has(path, now) {
      const mark = marks.get(path);
      return mark?.ino === now.ino && mark.size === now.size && mark.mtimeMs === now.mtimeMs;
    },
    async verify(path, digest, file) {
      // Taken first: what changes while it is read does not count as verified.
      const mark = markOf(await file.stat());
      if ((await digestOf(file)) !== digest) return false;
      marks.set(path, mark);
      return true;
    },
    add: (path, now) => marks.set(path, markOf(now)),
    forget: (path) => marks.delete(path),
  };
}

function markOf({ ino, size, mtimeMs }: Stats): Mark {
  return { ino, size, mtimeMs };
}

async function digestOf(file: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  await readFirst(file, (await file.stat()).size, (bytes) => hash.update(bytes));
  return hash.digest('hex');
}
