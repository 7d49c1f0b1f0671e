import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { DataDirectoryError } from './data-directory.ts';

/** Raised by every change of the tables; a step that brings older files up to date goes with it. */
const SCHEMA_VERSION = 1;

/** `doc` is JSON and `labels` a JSON array, so that people can query them; `state` is what merging works on. */
const TABLES = `
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
`;

/** @throws DataDirectoryError when the file was written by a newer version. */
export function prepareSchema(database: DatabaseSync): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.user_version);
  if (version > SCHEMA_VERSION) {
    throw new DataDirectoryError(
      `The data was written by a newer version of Breakwater (its format is ${version}, this version reads up to ${SCHEMA_VERSION}). Install that version, or choose another data directory.`,
    );
  }
  if (version === 0) createTables(database);
}

function createTables(database: DatabaseSync): void {
  database.exec(`BEGIN IMMEDIATE; ${TABLES}`);
  const setMeta = database.prepare('INSERT INTO meta (key, value) VALUES (?, ?)');
  setMeta.run('serverId', randomUUID());
  setMeta.run('epoch', randomUUID());
  database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
}
