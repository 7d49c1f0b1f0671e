import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type CommitQueue, createCommitQueue } from '../src/commit-queue.ts';
import { StorageError } from '../src/store.ts';

let database: DatabaseSync;
let statements: string[];
let failing: { readonly sql: string; readonly error: Error } | undefined;
let queue: CommitQueue;

beforeEach(() => {
  database = new DatabaseSync(':memory:');
  database.exec('CREATE TABLE items (value)');
  statements = [];
  failing = undefined;
  queue = createCommitQueue({
    exec(sql) {
      statements.push(sql);
      if (failing?.sql === sql) throw failing.error;
      database.exec(sql);
    },
    get isTransaction() {
      return database.isTransaction;
    },
  });
});
afterEach(() => database.close());

test('[SQ5] the commits of one turn share a transaction; the promises resolve after its COMMIT', async () => {
  const resolvedAfter: (string | undefined)[] = [];
  const add = (value: number) => queue.add(() => insert(value)).then(() => resolvedAfter.push(statements.at(-1)));
  await Promise.all([add(1), add(2), add(3)]);
  expect(statements.filter((sql) => sql === 'COMMIT')).toHaveLength(1);
  expect(resolvedAfter).toEqual(['COMMIT', 'COMMIT', 'COMMIT']);
  expect(values()).toEqual([1, 2, 3]);
});

test('[SQ12] a job that need not survive a power cut waits for no fsync, unless another of its transaction does', async () => {
  const syncings = () => statements.filter((sql) => sql.startsWith('PRAGMA synchronous') || sql === 'COMMIT');
  await queue.add(() => insert(1));
  await queue.addUnsynced(() => insert(2));
  await queue.addUnsynced(() => insert(3));
  await Promise.all([queue.addUnsynced(() => insert(4)), queue.add(() => insert(5))]);
  const [unsynced, synced] = ['PRAGMA synchronous = NORMAL', 'PRAGMA synchronous = FULL'];
  expect(syncings()).toEqual(['COMMIT', unsynced, 'COMMIT', 'COMMIT', synced, 'COMMIT']);
  expect(values()).toEqual([1, 2, 3, 4, 5]);
});

test('[SQ6] a commit whose outcome is unknown fails by name, and no write is taken after it; reads go on', async () => {
  await queue.add(() => insert(1));
  failing = { sql: 'COMMIT', error: sqliteError(10, 'disk I/O error') };
  const settled = await Promise.allSettled([queue.add(() => insert(2)), queue.add(() => insert(3))]);
  expect(settled.map(reasonOf)).toEqual([expect.any(StorageError), expect.any(StorageError)]);
  failing = undefined;
  await expect(queue.add(() => insert(4))).rejects.toMatchObject({ name: 'StorageError', outcomeUnknown: true });
  expect(values()).toEqual([1]);
});

test('[OP4] the queue says why it takes no writes any more; a full disk is no reason', async () => {
  database.exec('PRAGMA max_page_count = 3');
  await expect(queue.add(() => insert('x'.repeat(100_000)))).rejects.toThrow('full');
  expect(queue.fault).toBeUndefined();
  failing = { sql: 'COMMIT', error: sqliteError(10, 'disk I/O error') };
  await expect(queue.add(() => insert(1))).rejects.toThrow(StorageError);
  failing = undefined;
  expect(queue.fault).toMatchObject({ outcomeUnknown: true, message: expect.stringContaining('disk I/O error') });
});

test('[SQ7] a full disk fails the commit, and the next one goes on once there is space', async () => {
  await queue.add(() => insert(1));
  database.exec('PRAGMA max_page_count = 3');
  await expect(queue.add(() => insert('x'.repeat(100_000)))).rejects.toMatchObject({
    name: 'StorageError',
    outcomeUnknown: false,
    message: expect.stringContaining('full'),
  });
  database.exec('PRAGMA max_page_count = 1000');
  await queue.add(() => insert(2));
  expect(values()).toEqual([1, 2]);
});

test('[SQ7] a transaction that cannot begin fails its commits and no others', async () => {
  failing = { sql: 'BEGIN IMMEDIATE', error: sqliteError(5, 'database is locked') };
  await expect(queue.add(() => insert(1))).rejects.toMatchObject({ name: 'StorageError', outcomeUnknown: false });
  failing = undefined;
  await queue.add(() => insert(2));
  expect(values()).toEqual([2]);
});

function insert(value: number | string): void {
  database.prepare('INSERT INTO items VALUES (?)').run(value);
}

function values(): unknown[] {
  return database
    .prepare('SELECT value FROM items')
    .all()
    .map(({ value }) => value);
}

function sqliteError(errcode: number, message: string): Error {
  return Object.assign(new Error(message), { code: 'ERR_SQLITE_ERROR', errcode });
}

function reasonOf(settled: PromiseSettledResult<unknown>): unknown {
  return settled.status === 'rejected' ? settled.reason : undefined;
}
