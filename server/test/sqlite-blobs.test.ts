import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DATABASE_FILE, openSqliteStore } from '../src/sqlite-store.ts';
import { noise, removeRow, rowWith } from './blob-world.ts';
import { createHubWorld, notes } from './hub-world.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from './temporary-directory.ts';

let directory: TemporaryDirectory;
beforeEach(() => {
  directory = makeTemporaryDirectory();
});
afterEach(() => directory.remove());

test('[SQ11] rows that are there already refer to their blobs once the data is brought up to date', async () => {
  const [red, blue] = [noise(100, 1), noise(20, 2)];
  const before = openSqliteStore(directory.path);
  const peer = createHubWorld({ store: before }).join();
  await peer.push(
    notes(rowWith('a', { red, blue }), rowWith('b', { red }), rowWith('gone', { blue }), rowWith('c', {})),
  );
  await peer.push(notes(removeRow('gone')));
  await before.close();
  backToVersion2();

  const after = openSqliteStore(directory.path);
  const refs = (id: string) => {
    const found = after.blobs.ofRow('acme', { collection: 'notes', id });
    return found.map(({ digest, length }) => ({ digest, length }));
  };
  expect(
    refs('a')
      .map(({ length }) => length)
      .sort(),
  ).toEqual([100, 20]);
  expect(refs('b')).toEqual([{ digest: red.digest, length: 100 }]);
  expect([...refs('gone'), ...refs('c')]).toEqual([]);
  const { result } = await after.commit('acme', [], (_, use) => ({ writes: [], result: use.bytes() }));
  expect(result).toBe(120);
  expect(after.blobs.isStored('acme', red.digest)).toBe(false);
  expect(after.blobs.missing('acme', '', { after: undefined, maxRefs: 10 })).toHaveLength(3);
  await after.close();
});

test('[SQ11] what cannot be an attachment, and a state that does not decode, keep nothing from starting', async () => {
  const red = noise(10);
  const before = openSqliteStore(directory.path);
  const peer = createHubWorld({ store: before }).join();
  await peer.push(notes(rowWith('good', { red })));
  await before.close();
  const database = open();
  const insert = database.prepare(
    `INSERT INTO rows (tenant, collection, id, seq, deleted, doc, state, labels) VALUES ('acme', 'notes', ?, ?, 0, '{}', ?, '[]')`,
  );
  insert.run('broken', 2, new TextEncoder().encode('_attachments.x'));
  insert.run('odd', 3, rowWith('odd', { a: 'text', b: { digest: 'x', length: 1, type: '' }, red }).bytes);
  insert.run('vast', 4, rowWith('vast', { a: { digest: red.digest, length: 2 ** 52, type: '' } }).bytes);
  database.close();
  backToVersion2();

  const after = openSqliteStore(directory.path);
  const lengths = ['good', 'broken', 'odd', 'vast'].map((id) => {
    return after.blobs.ofRow('acme', { collection: 'notes', id }).map(({ length }) => length);
  });
  expect(lengths).toEqual([[10], [], [10], []]);
  await after.close();
});

function open(): DatabaseSync {
  return new DatabaseSync(join(directory.path, DATABASE_FILE));
}

/** The file as the version before wrote it. */
function backToVersion2(): void {
  const database = open();
  database.exec(
    'DROP TABLE blob_refs; DROP TABLE blobs; DROP TABLE blob_totals; DROP TABLE rooms; DROP TABLE room_updates; DROP TABLE room_lives; DROP INDEX labels_left_by_seq; PRAGMA user_version = 2',
  );
  database.close();
}
