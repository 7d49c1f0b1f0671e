import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { settlePromises } from '../../packages/testing/src/manual-scheduler.ts';
import { blobFolder } from '../src/blobs/blob-files.ts';
import { completeBlobOptions } from '../src/blobs/blob-options.ts';
import { FIRST_SWEEP_AFTER_MS, HOUR_MS, NEXT_SWEEP_AFTER_MS, startSweeping } from '../src/blobs/sweep-blobs.ts';
import { openSqliteStore } from '../src/sqlite-store.ts';
import { type BlobHubWorld, createBlobHubWorld, type Device } from './blob-hub-world.ts';
import { attach, noise, removeRow, rowWith, type TestBlob } from './blob-world.ts';
import { notes } from './hub-world.ts';

const KEEP_HOURS = 3;

let world: BlobHubWorld;
let time = 0;
let stop: () => void;
let anna: Device;
const picture = noise(100, 1);
const other = noise(60, 2);

beforeEach(async () => {
  time = 1_000 * HOUR_MS;
  world = createBlobHubWorld({ store: openSqliteStore(':memory:', { now: () => time }) });
  const { store, blobs, scheduler } = world;
  scheduler.advance(time);
  stop = startSweeping({
    store,
    blobs,
    scheduler,
    keepUnusedHours: KEEP_HOURS,
    log: (line) => world.logged.push(line),
  });
  anna = world.device('anna');
  await anna.push(notes(rowWith('a', { picture }), rowWith('b', { other })));
  await anna.wants();
  await anna.upload(picture);
  await anna.upload(other);
});
afterEach(async () => {
  stop();
  await world.end();
});

test('[BH19] a blob that no row has any more is there for a while, then it is gone; the others stay', async () => {
  await pass(FIRST_SWEEP_AFTER_MS);
  await anna.push(notes(removeRow('a')));
  await pass((KEEP_HOURS - 1) * HOUR_MS);
  expect(isThere(picture)).toBe(true);
  await pass(HOUR_MS + NEXT_SWEEP_AFTER_MS);
  expect([picture, other].map(isThere)).toEqual([false, true]);
  await anna.push(notes(rowWith('c', { picture })));
  expect(await anna.wants()).toMatchObject([{ id: 'c', digest: picture.digest, have: 0 }]);
  expect(world.logged).toEqual([]);
});

test('[BH19] one that a row has again meanwhile stays, and its time begins anew', async () => {
  await anna.push(notes(attach('a', { picture: undefined })));
  await pass((KEEP_HOURS - 1) * HOUR_MS);
  await anna.push(notes(rowWith('c', { picture })));
  await pass(10 * HOUR_MS);
  expect(await anna.download('c', picture)).toEqual(picture.bytes);
  await anna.push(notes(removeRow('c')));
  await pass((KEEP_HOURS - 1) * HOUR_MS);
  expect(isThere(picture)).toBe(true);
});

test('[BH19] a reference that comes while its blob is removed finds it missing, and the bytes come anew', async () => {
  await anna.push(notes(removeRow('a')));
  await pass(KEEP_HOURS * HOUR_MS - 1);
  const { dropUnused } = world.store.blobs;
  let pushed: Promise<unknown> | undefined;
  Object.assign(world.store.blobs, {
    dropUnused: async (...args: Parameters<typeof dropUnused>) => {
      const isDropped = await dropUnused(...args);
      // Between the decision and the removal of the file.
      if (isDropped) pushed ??= anna.push(notes(rowWith('c', { picture })));
      await pushed;
      return isDropped;
    },
  });
  await pass(2 * NEXT_SWEEP_AFTER_MS);
  expect(pushed).toBeDefined();
  expect(await anna.wants()).toMatchObject([{ id: 'c', digest: picture.digest, have: 0 }]);
  await anna.upload(picture);
  await pass(KEEP_HOURS * HOUR_MS * 2);
  expect(await anna.download('c', picture)).toEqual(picture.bytes);
});

test('[BH19] parts go when no row has their blob any more, and not while one does', async () => {
  const [unfinished, left] = [noise(90_000, 3), noise(90_000, 4)];
  await anna.push(notes(rowWith('c', { unfinished }), rowWith('d', { left })));
  await anna.wants();
  for (const blob of [unfinished, left]) {
    await anna.piece(blob, 0, 60_000);
    utimesSync(folder().partPath(blob), 1, 1);
  }
  await anna.push(notes(removeRow('d')));
  await pass(FIRST_SWEEP_AFTER_MS);
  expect([unfinished, left].map((blob) => existsSync(folder().partPath(blob)))).toEqual([true, false]);
});

test('[BH19] a file that the store never heard of is kept as long as any other', async () => {
  const stray = noise(30, 5);
  const path = folder().wholePath(stray.digest);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, stray.bytes);
  utimesSync(path, 1, 1);
  await pass(FIRST_SWEEP_AFTER_MS);
  expect(isThere(stray)).toBe(true);
  await pass((KEEP_HOURS + 2) * HOUR_MS);
  expect(isThere(stray)).toBe(false);
});

test('[BH19] a folder of nobody that the store knows is left alone', async () => {
  const foreign = blobFolder(world.folder, 'somebody');
  mkdirSync(foreign.folderOf(picture.digest), { recursive: true });
  writeFileSync(foreign.wholePath(picture.digest), picture.bytes);
  await pass(50 * HOUR_MS);
  expect(readdirSync(foreign.folderOf(picture.digest))).toEqual([picture.digest]);
});

test('[BH19] a sweep that fails is logged, and tried again', async () => {
  const { tenants } = world.store.blobs;
  Object.assign(world.store.blobs, {
    tenants: () => {
      throw new Error('the disk is away');
    },
  });
  await anna.push(notes(removeRow('a')));
  await pass(FIRST_SWEEP_AFTER_MS);
  expect(world.logged).toEqual(['Removing unused blobs failed: the disk is away']);
  Object.assign(world.store.blobs, { tenants });
  await pass((KEEP_HOURS + 2) * HOUR_MS);
  expect(isThere(picture)).toBe(false);
});

test('[BH19] stopped, it leaves no timer and removes nothing', async () => {
  await anna.push(notes(removeRow('a')));
  stop();
  await pass(50 * HOUR_MS);
  expect(isThere(picture)).toBe(true);
});

test('[BH20] numbers that make no sense are refused by name', () => {
  const bad = [
    { keepUnusedHours: 0 },
    { keepUnusedHours: Number.NaN },
    { maxTenantBytes: -1 },
    { maxTenantBytes: Number.NaN },
  ];
  for (const blobs of bad) {
    const [name = ''] = Object.keys(blobs);
    expect(() => completeBlobOptions({ blobs })).toThrow(RangeError);
    expect(() => completeBlobOptions({ blobs })).toThrow(`blobs.${name}`);
  }
  expect(completeBlobOptions({ blobs: { keepUnusedHours: Number.POSITIVE_INFINITY } })).toMatchObject({
    keepUnusedHours: Number.POSITIVE_INFINITY,
    maxTenantBytes: Number.POSITIVE_INFINITY,
  });
});

test('[BH20] a server with a store of its own and no data directory keeps no blobs', () => {
  const { store } = world;
  expect(completeBlobOptions({ store }).blobs).toBeUndefined();
  expect(completeBlobOptions({ store, blobs: { store: world.blobs } }).blobs).toBe(world.blobs);
  expect(completeBlobOptions({ store, dataDir: join(world.folder, 'data') }).blobs).toBeDefined();
});

function folder() {
  return blobFolder(world.folder, 'acme');
}

function isThere({ digest }: TestBlob): boolean {
  return existsSync(folder().wholePath(digest));
}

/** An hour at a time, so that every sweep ends before the next one begins. */
async function pass(durationMs: number): Promise<void> {
  for (let left = durationMs; left > 0; left -= HOUR_MS) {
    const step = Math.min(left, HOUR_MS);
    time += step;
    world.scheduler.advance(step);
    await world.quiet();
    await settlePromises();
  }
}
