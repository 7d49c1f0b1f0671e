import type { FileHandle } from 'node:fs/promises';
import type { FileSystem } from './files.ts';

/** Files that stay open between the pieces of a blob: opening and closing one takes longer than a piece does. */
export interface OpenFiles {
  /** Hands over the file, open. It stays open until then at least. */
  use<T>(path: string, work: (file: FileHandle) => Promise<T>): Promise<T>;
  /** The file behind the path is another one from now on, or none. */
  close(path: string): Promise<void>;
  closeAll(): Promise<void>;
}

interface Opened {
  readonly file: Promise<FileHandle>;
  users: number;
  isKept: boolean;
}

/** @param maxKept files that stay open although nobody uses them; those that were used longest ago are closed. */
export function createOpenFiles({ open }: FileSystem, flags: 'r' | 'a', maxKept: number): OpenFiles {
  /** The one that was used last comes last. */
  const openedByPath = new Map<string, Opened>();

  return {
    async use(path, work) {
      const opened = keep(path);
      opened.users += 1;
      try {
        return await work(await opened.file);
      } catch (error) {
        forget(path, opened);
        throw error;
      } finally {
        opened.users -= 1;
        await closeIfUnused(opened);
      }
    },
    close,
    async closeAll() {
      await Promise.all([...openedByPath.keys()].map(close));
    },
  };

  async function close(path: string): Promise<void> {
    const opened = openedByPath.get(path);
    if (opened === undefined) return;
    forget(path, opened);
    await closeIfUnused(opened);
  }

  function keep(path: string): Opened {
    const opened = openedByPath.get(path) ?? { file: open(path, flags), users: 0, isKept: true };
    openedByPath.delete(path);
    openedByPath.set(path, opened);
    const [oldest] = openedByPath;
    if (openedByPath.size > maxKept && oldest !== undefined) {
      forget(...oldest);
      // What was written is synced, and so looked at, before it counts.
      closeIfUnused(oldest[1]).catch(() => {});
    }
    return opened;
  }

  function forget(path: string, opened: Opened): void {
    opened.isKept = false;
    if (openedByPath.get(path) === opened) openedByPath.delete(path);
  }

  async function closeIfUnused(opened: Opened): Promise<void> {
    if (opened.isKept || opened.users > 0) return;
    // One that could not be opened need not be closed; who used it knows.
    const file = await opened.file.catch(() => undefined);
    await file?.close();
  }
}
