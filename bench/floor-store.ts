/*
 * The floor of a commit: what node:sqlite needs to store the same bytes with the same durability, one transaction a batch.
 * Rows replace each other by their id; nothing is read, nothing else is kept.
 */
import { DatabaseSync } from 'node:sqlite';

export interface FloorStoreRow {
  readonly id: string;
  readonly doc: string;
  readonly state: Uint8Array;
}

export interface FloorStore {
  commit(rows: readonly FloorStoreRow[]): void;
  close(): void;
}

export function openFloorStore(file: string): FloorStore {
  const database = new DatabaseSync(file);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  database.exec('CREATE TABLE rows (id TEXT PRIMARY KEY, seq INTEGER UNIQUE, doc TEXT, state BLOB) WITHOUT ROWID');
  const upsert = database.prepare('INSERT OR REPLACE INTO rows (id, seq, doc, state) VALUES (?, ?, ?, ?)');
  let seq = 0;

  return {
    commit(rows) {
      database.exec('BEGIN');
      for (const { id, doc, state } of rows) upsert.run(id, ++seq, doc, state);
      database.exec('COMMIT');
    },
    close: () => database.close(),
  };
}
