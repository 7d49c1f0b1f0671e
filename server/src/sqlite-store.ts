import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createCommitQueue, toStorageError } from './commit-queue.ts';
import { type DataDirectory, openDataDirectory } from './data-directory.ts';
import { openSqliteRooms } from './rooms/sqlite-room-store.ts';
import { openBlobs } from './sqlite-blobs.ts';
import { createLogSpace } from './sqlite-log-space.ts';
import { openReader } from './sqlite-reader.ts';
import { prepareSchema } from './sqlite-schema.ts';
import { openTombstones } from './sqlite-tombstones.ts';
import { openWriter } from './sqlite-writer.ts';
import type { Store, StoreIdentity } from './store.ts';

export const DATABASE_FILE = 'breakwater.sqlite';

/** How long a statement waits for somebody else's lock, in milliseconds: a person's query may hold one for a moment. */
const BUSY_TIMEOUT_MS = 1_000;

/**
 * FULL: the commit is on the disk before it returns, also after a power cut; on macOS that takes fullfsync. MEMORY: what
 * takes back one push of a transaction need not lie in a file. The log is copied into the file every 4000 pages (16 MiB)
 * instead of 1000: a page that was written many times is copied once.
 */
const SETTINGS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA fullfsync = ON;
  PRAGMA cache_size = -65536;
  PRAGMA journal_size_limit = 67108864;
  PRAGMA temp_store = MEMORY;
  PRAGMA wal_autocheckpoint = 4000;
`;

export interface SqliteStoreOptions {
  /** Milliseconds since 1970, to tell how old a commit is. Default: Date.now. */
  readonly now?: () => number;
}

/**
 * A store in one SQLite file of a data directory, or in memory when the directory is `:memory:`.
 *
 * @throws DataDirectoryLockedError, DataDirectoryError
 */
export function openSqliteStore(directory: string, { now = Date.now }: SqliteStoreOptions = {}): Store {
  const lock = directory === ':memory:' ? undefined : openDataDirectory(directory);
  try {
    return openStore(openDatabase(lock, now), lock, now);
  } catch (error) {
    lock?.release();
    throw error;
  }
}

function openDatabase(directory: DataDirectory | undefined, now: () => number): DatabaseSync {
  const file = directory === undefined ? ':memory:' : join(directory.path, DATABASE_FILE);
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    database.exec(SETTINGS);
    prepareSchema(database, now());
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function openStore(database: DatabaseSync, lock: DataDirectory | undefined, now: () => number): Store {
  const reader = openReader(database);
  const blobs = openBlobs(database, now);
  const writer = openWriter(database, reader, blobs, now);
  const tombstones = openTombstones(database);
  const rooms = openSqliteRooms(database);
  const space = lock && createLogSpace(join(lock.path, `${DATABASE_FILE}-wal`));
  const queue = createCommitQueue(database, space?.committed);
  const identity = readIdentity(database);

  return {
    identity: () => identity,
    commit: (tenant, keys, decide, options) => queue.add(() => writer.write(tenant, keys, decide, options)),
    row: (tenant, key) => read(() => reader.row(tenant, key)),
    page: (tenant, collection, query) => read(() => reader.page(tenant, collection, query)),
    places: (query) => read(() => reader.places(query)),
    head: (tenant, collection) => read(() => reader.head(tenant, collection)),
    shrinkTombstones: (query, shrink) => queue.add(() => tombstones.shrink(query, shrink)),
    purgeTombstones: (query) => queue.add(() => tombstones.purge(query)),
    purgedBefore: (tenant, collection) => read(() => tombstones.purgedBefore(tenant, collection)),
    blobs: {
      ofRow: (tenant, key, digest) => read(() => blobs.ofRow(tenant, key, digest)),
      rowsWith: (tenant, digest, maxRows) => read(() => blobs.rowsWith(tenant, digest, maxRows)),
      isReferenced: (tenant, blob) => read(() => blobs.isReferenced(tenant, blob)),
      missing: (tenant, replica, query) => read(() => blobs.missing(tenant, replica, query)),
      isStored: (tenant, digest) => read(() => blobs.isStored(tenant, digest)),
      setStored: (tenant, digest) => queue.addUnsynced(() => blobs.setStored(tenant, digest)),
      setGone: (tenant, digest) => queue.addUnsynced(() => blobs.setGone(tenant, digest)),
      dropUnused: (tenant, digest, before) => queue.add(() => blobs.dropUnused(tenant, digest, before)),
      tenants: () => read(() => blobs.tenants()),
    },
    rooms: {
      load: (tenant, room) => read(() => rooms.load(tenant, room)),
      append: (tenant, room, take) => queue.add(() => rooms.append(tenant, room, take())),
      life: (tenant, room, draw) => queue.add(() => rooms.life(tenant, room, draw)),
      fold: (tenant, room, folded) => queue.add(() => rooms.fold(tenant, room, folded)),
      unfolded: () => read(() => rooms.unfolded()),
    },
    fault: () => queue.fault,
    async close() {
      await queue.close();
      if (database.isOpen) database.close();
      lock?.release();
    },
  };
}

function read<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw toStorageError(error);
  }
}

function readIdentity(database: DatabaseSync): StoreIdentity {
  const select = database.prepare('SELECT value FROM meta WHERE key = ?');
  const read = (key: string) => String(select.get(key)?.value);
  return { serverId: read('serverId'), epoch: read('epoch') };
}
