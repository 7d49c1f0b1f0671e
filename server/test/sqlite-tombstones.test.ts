import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DATABASE_FILE, openSqliteStore } from '../src/sqlite-store.ts';
import type { RowWrite, Store, TombstoneQuery } from '../src/store.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from './temporary-directory.ts';

/** The tables as version 1 made them, with a row and a tombstone in them. */
const VERSION_1 = `
  CREATE TABLE rows (
    tenant TEXT NOT NULL, collection TEXT NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL, deleted INTEGER NOT NULL,
    doc TEXT NOT NULL, state BLOB NOT NULL, labels TEXT NOT NULL,
    PRIMARY KEY (tenant, collection, id), UNIQUE (tenant, collection, seq)
  );
  CREATE TABLE labels_left (
    tenant TEXT NOT NULL, collection TEXT NOT NULL, id TEXT NOT NULL, label TEXT NOT NULL, seq INTEGER NOT NULL,
    PRIMARY KEY (tenant, collection, id, label)
  ) WITHOUT ROWID;
  CREATE TABLE counters (
    tenant TEXT NOT NULL, collection TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (tenant, collection)
  ) WITHOUT ROWID;
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  INSERT INTO meta VALUES ('serverId', 'server one'), ('epoch', 'epoch one');
  INSERT INTO rows VALUES ('t', 'c', 'alive', 1, 0, '{"title":"hi"}', x'01', '["red"]');
  INSERT INTO rows VALUES ('t', 'c', 'dead', 2, 1, '{"title":"bye"}', x'0102', '["red"]');
  INSERT INTO counters VALUES ('t', 'c', 2);
  PRAGMA user_version = 1;
`;

const DAY_MS = 86_400_000;

let directory: TemporaryDirectory;
let time = 1_700_000_000_000;
const now = () => time;
beforeEach(() => {
  directory = makeTemporaryDirectory();
  time = 1_700_000_000_000;
});
afterEach(() => directory.remove());

test('[SQ8] data of version 1 is brought up to date, and keeps its rows, its seqs and its identity', async () => {
  writeVersion1();
  const store = openSqliteStore(directory.path, { now });
  expect(store.identity()).toEqual({ serverId: 'server one', epoch: 'epoch one' });
  expect(store.page('t', 'c', { after: 0, labels: ['red'], maxRows: 9, maxBytes: 999 })).toEqual({
    rows: [
      { id: 'alive', seq: 1, deleted: false, state: Uint8Array.of(1) },
      { id: 'dead', seq: 2, deleted: true, state: Uint8Array.of(1, 2) },
    ],
    checkpoint: 2,
    last: true,
  });
  expect((await put(store, 'new', {})).rows).toMatchObject([{ seq: 3 }]);
  expect(readSql('PRAGMA user_version')).toEqual([{ user_version: 6 }]);
  await store.close();
  await openSqliteStore(directory.path).close();
});

test('[SQ8] the tombstones of version 1 begin to age when it is brought up to date', async () => {
  writeVersion1();
  const store = openSqliteStore(directory.path, { now });
  const committedBefore = time + 1;
  expect(await store.purgeTombstones(tombstones(committedBefore - 1))).toBe(0);
  expect(await store.purgeTombstones(tombstones(committedBefore))).toBe(1);
  expect(store.purgedBefore('t', 'c')).toBe(2);
  await store.close();
});

test('[SQ8] what fails in the middle of it leaves the data as it was', () => {
  writeVersion1();
  inDatabase((database) => database.exec('ALTER TABLE counters ADD COLUMN purged_before INTEGER'));
  expect(() => openSqliteStore(directory.path)).toThrow('purged_before');
  expect(readSql('PRAGMA user_version')).toEqual([{ user_version: 1 }]);
  expect(readSql(`SELECT name FROM pragma_table_info('rows') WHERE name = 'committed_at'`)).toEqual([]);
});

test('[SQ9] the document of a shrunk tombstone is empty, also for people who read the database', async () => {
  const store = openSqliteStore(directory.path, { now });
  await put(store, 'a', { deleted: true });
  time += DAY_MS;
  await store.shrinkTombstones(tombstones(time), () => Uint8Array.of(7));
  expect(readSql('SELECT doc, state, committed_at, seq FROM rows')).toEqual([
    { doc: '{}', state: Uint8Array.of(7), committed_at: time - DAY_MS, seq: 1 },
  ]);
  await store.close();
});

test('[SQ10] with a purged row goes what was kept of the labels that it left', async () => {
  const store = openSqliteStore(directory.path, { now });
  for (const id of ['a', 'b']) {
    await put(store, id, { labels: ['red'] });
    await put(store, id, { labels: ['blue'], deleted: id === 'a' });
  }
  await store.purgeTombstones(tombstones(time + 1));
  expect(readSql('SELECT id, label FROM labels_left')).toEqual([{ id: 'b', label: 'red' }]);
  await store.close();
});

function writeVersion1(): void {
  inDatabase((database) => database.exec(VERSION_1));
}

function put(store: Store, id: string, change: Partial<RowWrite>) {
  const key = { collection: 'c', id };
  const row = { deleted: false, doc: '{"title":"hi"}', state: Uint8Array.of(1), labels: ['red'] };
  return store.commit('t', [key], () => ({ writes: [{ ...key, ...row, ...change }], result: 0 }));
}

function tombstones(committedBefore: number): TombstoneQuery {
  return { committedBefore, maxRows: 100, maxBytes: 1_000 };
}

function readSql(sql: string): unknown[] {
  return inDatabase((database) =>
    database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row })),
  );
}

function inDatabase<T>(run: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(join(directory.path, DATABASE_FILE));
  try {
    return run(database);
  } finally {
    database.close();
  }
}
