import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { RxDocument } from 'rxdb';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { expect, it } from 'vitest';
import { attach, attachmentOf, expectBytes, noise, openAttachmentWorld, uploaded } from './attachment-helpers.ts';
import { readCover, takeAlong, waitForCover, watchTransfers } from './guide-fetch.ts';

async function read(path: string): Promise<string> {
  return readFile(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), 'utf8');
}

it('[AT5] the guide shows the code that its tests run', async () => {
  const guide = await read('docs/images.md');
  for (const path of ['packages/client/test/guide-put-image.ts', 'packages/testing/test/guide-fetch.ts']) {
    expect(guide).toContain(await read(path));
  }
});

it('[AT5] it reads what is here, waits for what is not, and takes along what it needs', async () => {
  const world = await openAttachmentWorld(() => getRxStorageMemory());
  const [one, two] = [await world.device('one'), await world.device('two')];
  for (const id of ['a', 'b', 'c']) await attach(one, id, 'cover', noise(1_000, id.charCodeAt(0)));
  await world.inStep(one, two);
  for (const id of ['a', 'b', 'c']) await uploaded(world.server, (await attachmentOf(one, id, 'cover')).digest);
  const lines: string[] = [];
  const stop = watchTransfers(two.sync, (now) => lines.push(...now));
  two.sync.pause();
  const note = async (id: string) => (await two.notes.findOne(id).exec(true)) as unknown as RxDocument;
  expect(await readCover(await note('a'))).toBeUndefined();
  const waiting = waitForCover(two.sync, await note('a'), new AbortController().signal);
  two.sync.start();
  await expectBytes((await waiting) ?? new Blob(), noise(1_000, 97));
  await expectBytes((await readCover(await note('b'))) ?? new Blob(), noise(1_000, 98));
  expect(await takeAlong(two.sync, two.notes.find() as never)).toBe('1 fetched, 0 not there yet');
  expect(lines).toContain('down cover 0 of 1000');
  stop();
  await world.end();
});
