import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { describeStore } from '../../packages/testing/src/store-suite.ts';
import { DataDirectoryError, DataDirectoryLockedError } from '../src/data-directory.ts';
import { DATABASE_FILE, openSqliteStore } from '../src/sqlite-store.ts';
import type { RowWrite, Store } from '../src/store.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from './temporary-directory.ts';

describeStore('SQLite in memory', { create: (now) => openSqliteStore(':memory:', { now }) });

let kept: TemporaryDirectory | undefined;
describeStore('SQLite in a directory', {
  create(now) {
    kept = makeTemporaryDirectory();
    return openSqliteStore(kept.path, { now });
  },
  reopen: (now) => openSqliteStore(kept?.path ?? '', { now }),
  dispose: () => kept?.remove(),
});

describe('the data directory', () => {
  let directory: TemporaryDirectory;
  beforeEach(() => {
    directory = makeTemporaryDirectory();
  });
  afterEach(() => directory.remove());

  test('[SQ1] a second store on it is told so by name, and may have it once the first is closed', async () => {
    const first = openSqliteStore(directory.path);
    expect(() => openSqliteStore(directory.path)).toThrow(DataDirectoryLockedError);
    await first.close();
    await openSqliteStore(directory.path).close();
  });

  test('[SQ1] people may read the data while the server runs', async () => {
    const store = openSqliteStore(directory.path);
    await put(store, 'a', ['red']);
    expect(readSql(directory.path, `SELECT id, doc ->> 'title' AS title FROM rows`)).toEqual([
      { id: 'a', title: 'hi' },
    ]);
    await store.close();
  });

  test('[MU12] a commit counts once it is on the disk', async () => {
    const exec = vi.spyOn(DatabaseSync.prototype, 'exec');
    const store = openSqliteStore(directory.path);
    const opened = exec.mock.contexts as DatabaseSync[];
    exec.mockRestore();
    const data = opened.find((each) => each.location()?.endsWith(DATABASE_FILE));
    // SQLite's FULL: a COMMIT returns once the log is on the disk, and not only with the operating system.
    expect(data?.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 });
    expect(data?.prepare('PRAGMA fullfsync').get()).toEqual({ fullfsync: 1 });
    await store.close();
  });

  test('[SQ2] data of a newer version is refused, and left as it is', async () => {
    await openSqliteStore(directory.path).close();
    const database = new DatabaseSync(join(directory.path, DATABASE_FILE));
    database.exec('PRAGMA user_version = 99');
    database.close();
    expect(() => openSqliteStore(directory.path)).toThrow(DataDirectoryError);
    expect(() => openSqliteStore(directory.path)).toThrow(/newer version.*99/);
  });

  test('[SQ2] a directory that cannot be made is refused by name', () => {
    expect(() => openSqliteStore(join(directory.path, 'file\0'))).toThrow(DataDirectoryError);
  });

  test('[SQ3] the seq at which a row left a label is kept until it has the label again', async () => {
    const store = openSqliteStore(directory.path);
    await put(store, 'a', ['red', 'blue']);
    await put(store, 'a', ['blue']);
    await put(store, 'b', ['red']);
    await put(store, 'b', ['green']);
    expect(readSql(directory.path, LEFT)).toEqual([
      { id: 'a', label: 'red', seq: 2 },
      { id: 'b', label: 'red', seq: 4 },
    ]);
    await put(store, 'a', ['red']);
    expect(readSql(directory.path, LEFT)).toEqual([
      { id: 'a', label: 'blue', seq: 5 },
      { id: 'b', label: 'red', seq: 4 },
    ]);
    await store.close();
  });

  test('[SQ4] a name that SQLite would cut is refused, not cut', async () => {
    const store = openSqliteStore(':memory:');
    await expect(put(store, 'a\0b', [])).rejects.toThrow('U+0000');
    await store.close();
  });
});

const LEFT = 'SELECT id, label, seq FROM labels_left ORDER BY id, label';

function put(store: Store, id: string, labels: readonly string[]): Promise<unknown> {
  const write: RowWrite = {
    collection: 'c',
    id,
    deleted: false,
    doc: '{"title":"hi"}',
    state: Uint8Array.of(1),
    labels,
  };
  return store.commit('t', [{ collection: 'c', id }], () => ({ writes: [write], result: 0 }));
}

function readSql(directory: string, sql: string): unknown[] {
  const database = new DatabaseSync(join(directory, DATABASE_FILE), { readOnly: true });
  try {
    return database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }));
  } finally {
    database.close();
  }
}
