import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { indexStoredRows } from './blobs/index-stored-rows.ts';
import { DataDirectoryError } from './data-directory.ts';

/**
 * What each version of the format adds to the one before. A file says how many of these steps it has had.
 *
 * `doc` is JSON and `labels` a JSON array, so that people can query them; `state` is what merging works on.
 * `committed_at` is in milliseconds since 1970; 0: a row from before version 2. `purged_before` is the highest seq of the
 * tombstones that were dropped. A room with an empty `collection` is a free one, and `id` its name.
 * `life` is a number that no other row of the same name has had, for the room of a row that clients of y-websocket enter.
 *
 * A reference of a row to a blob is `missing` while the bytes are not there; `replica` wrote it, '' is nobody who is known.
 * `blobs` are those that are there; `unused_since` is when the last reference went, in milliseconds since 1970, null
 * while there is one. `blob_totals` has for each tenant the bytes of all that its rows refer to, each blob once.
 */
const STEPS: readonly ((database: DatabaseSync, now: number) => void)[] = [
  (database) =>
    database.exec(`
    CREATE TABLE rows (
      tenant TEXT NOT NULL,
      collection TEXT NOT NULL,
      id TEXT NOT NULL,
      seq INTEGER NOT NULL,
      deleted INTEGER NOT NULL,
      doc TEXT NOT NULL,
      state BLOB NOT NULL,
      labels TEXT NOT NULL,
      PRIMARY KEY (tenant, collection, id),
      UNIQUE (tenant, collection, seq)
    );
    CREATE TABLE labels_left (
      tenant TEXT NOT NULL,
      collection TEXT NOT NULL,
      id TEXT NOT NULL,
      label TEXT NOT NULL,
      seq INTEGER NOT NULL,
      PRIMARY KEY (tenant, collection, id, label)
    ) WITHOUT ROWID;
    CREATE TABLE counters (
      tenant TEXT NOT NULL,
      collection TEXT NOT NULL,
      seq INTEGER NOT NULL,
      PRIMARY KEY (tenant, collection)
    ) WITHOUT ROWID;
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    INSERT INTO meta (key, value) VALUES ('serverId', '${randomUUID()}'), ('epoch', '${randomUUID()}');
  `),
  // Nobody knows how old the tombstones are that are there already: they begin to age now.
  (database, now) =>
    database.exec(`
    ALTER TABLE rows ADD COLUMN committed_at INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE rows ADD COLUMN shrunk INTEGER NOT NULL DEFAULT 0;
    UPDATE rows SET committed_at = ${Math.trunc(now)} WHERE deleted = 1;
    CREATE INDEX tombstones ON rows (shrunk, committed_at) WHERE deleted = 1;
    ALTER TABLE counters ADD COLUMN purged_before INTEGER NOT NULL DEFAULT 0;
  `),
  (database) => {
    database.exec(`
      CREATE TABLE blob_refs (
        tenant TEXT NOT NULL,
        collection TEXT NOT NULL,
        id TEXT NOT NULL,
        digest TEXT NOT NULL,
        length INTEGER NOT NULL,
        replica TEXT NOT NULL,
        missing INTEGER NOT NULL,
        PRIMARY KEY (tenant, collection, id, digest, length)
      ) WITHOUT ROWID;
      CREATE INDEX blob_refs_by_digest ON blob_refs (tenant, digest, length);
      CREATE INDEX blob_refs_missing ON blob_refs (tenant, replica, collection, id, digest, length) WHERE missing = 1;
      CREATE TABLE blobs (
        tenant TEXT NOT NULL,
        digest TEXT NOT NULL,
        unused_since INTEGER,
        PRIMARY KEY (tenant, digest)
      ) WITHOUT ROWID;
      CREATE TABLE blob_totals (tenant TEXT PRIMARY KEY, bytes INTEGER NOT NULL) WITHOUT ROWID;
    `);
    indexStoredRows(database);
  },
  (database) =>
    database.exec(`
    CREATE TABLE rooms (
      tenant TEXT NOT NULL,
      name TEXT NOT NULL,
      state BLOB NOT NULL,
      PRIMARY KEY (tenant, name)
    );
    CREATE TABLE room_updates (
      tenant TEXT NOT NULL,
      collection TEXT NOT NULL,
      id TEXT NOT NULL,
      n INTEGER NOT NULL,
      generation TEXT NOT NULL,
      "update" BLOB NOT NULL,
      PRIMARY KEY (tenant, collection, id, n)
    ) WITHOUT ROWID;
  `),
  (database) => database.exec('CREATE INDEX labels_left_by_seq ON labels_left (tenant, collection, seq)'),
  (database) =>
    database.exec(`
    CREATE TABLE room_lives (
      tenant TEXT NOT NULL,
      collection TEXT NOT NULL,
      id TEXT NOT NULL,
      generation TEXT NOT NULL,
      life INTEGER NOT NULL,
      PRIMARY KEY (tenant, collection, id)
    ) WITHOUT ROWID;
  `),
];

/**
 * Makes the tables, or brings those of an older version up to date.
 *
 * @throws DataDirectoryError when the file was written by a newer version.
 */
export function prepareSchema(database: DatabaseSync, now: number): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.user_version);
  if (version > STEPS.length) {
    throw new DataDirectoryError(
      `The data was written by a newer version of Breakwater (its format is ${version}, this version reads up to ${STEPS.length}). Install that version, or choose another data directory.`,
    );
  }
  if (version === STEPS.length) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    for (const step of STEPS.slice(version)) step(database, now);
    database.exec(`PRAGMA user_version = ${STEPS.length}; COMMIT`);
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
