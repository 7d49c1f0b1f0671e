import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { syncDirectory } from './sync-file.ts';

/** Another server works on the data directory. */
export class DataDirectoryLockedError extends Error {
  override readonly name = 'DataDirectoryLockedError';
  constructor(directory: string) {
    super(`Another server uses the data in ${directory}. Stop it, or choose another data directory.`);
  }
}

/** The data directory cannot be used; the message says why. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
}

export interface DataDirectory {
  readonly path: string;
  /** Lets another server use the directory. */
  release(): void;
}

const LOCK_FILE = 'breakwater.lock';
const SQLITE_BUSY = 5;

/**
 * Makes the directory if need be and locks it for this process.
 *
 * @throws DataDirectoryLockedError, DataDirectoryError
 */
export function openDataDirectory(directory: string): DataDirectory {
  const path = resolve(directory);
  try {
    const created = mkdirSync(path, { recursive: true });
    if (created !== undefined) syncDirectory(dirname(created));
  } catch (error) {
    throw unusable(path, error);
  }
  const lock = lockDirectory(path);
  return { path, release: () => lock.isOpen && lock.close() };
}

/**
 * The lock is SQLite's on a database that stays empty: the operating system drops it with the process, however that
 * ends, and on the data itself people can still open a second connection for reading.
 */
function lockDirectory(path: string): DatabaseSync {
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(join(path, LOCK_FILE), { timeout: 0 });
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock?.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) {
      throw new DataDirectoryLockedError(path);
    }
    throw unusable(path, error);
  }
}

function unusable(path: string, error: unknown): DataDirectoryError {
  const why = error instanceof Error ? error.message : String(error);
  return new DataDirectoryError(
    `The data directory ${path} cannot be used: ${why}. Choose one that this user may write to.`,
    { cause: error },
  );
}
