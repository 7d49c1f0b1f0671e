import { cpSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LOG_BYTES } from '../src/sqlite-log-space.ts';
import { DATABASE_FILE, openSqliteStore } from '../src/sqlite-store.ts';
import type { Store } from '../src/store.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from './temporary-directory.ts';

const ROOM = { collection: '', id: 'lobby', generation: '' };

let directory: TemporaryDirectory;
let copy: TemporaryDirectory;

beforeEach(() => {
  [directory, copy] = [makeTemporaryDirectory(), makeTemporaryDirectory()];
});

afterEach(() => {
  directory.remove();
  copy.remove();
});

test('[SQ13] while commits go on the log gets its full length ahead of them, and a crash loses none', async () => {
  const store = openSqliteStore(directory.path);
  const logBytes = () => statSync(join(directory.path, `${DATABASE_FILE}-wal`)).size;
  await write(store, 100);
  const written = logBytes();
  await write(store, 600);
  expect(written).toBeLessThan(LOG_BYTES);
  await expect.poll(logBytes).toBeGreaterThanOrEqual(LOG_BYTES);
  const full = logBytes();
  await write(store, 100);
  expect(logBytes()).toBe(full);
  // As a crash leaves it: nobody has closed the store.
  for (const end of ['', '-wal']) {
    cpSync(join(directory.path, DATABASE_FILE + end), join(copy.path, DATABASE_FILE + end));
  }
  const after = openSqliteStore(copy.path);
  expect(after.rooms.load('acme', ROOM).last).toBe(800);
  expect(after.rooms.load('acme', ROOM).updates).toHaveLength(800);
  await after.close();
  await store.close();
});

test('[SQ13] a store without commits takes no space', async () => {
  const store = openSqliteStore(directory.path);
  await write(store, 10);
  expect(statSync(join(directory.path, `${DATABASE_FILE}-wal`)).size).toBeLessThan(1024 * 1024);
  await store.close();
});

/** Each in a transaction of its own. */
async function write({ rooms }: Store, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await rooms.append('acme', ROOM, () => [Uint8Array.of(1, 2, 3)]);
}
