import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openFileBlobStore } from '../src/blobs/file-blob-store.ts';
import { noise } from './blob-world.ts';
import { createFaultyFiles } from './faulty-files.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from './temporary-directory.ts';

const LENGTH = 300;

type Step =
  | { readonly kind: 'piece'; readonly size: number }
  | { readonly kind: 'astray'; readonly offset: number }
  | { readonly kind: 'full'; readonly bytesBefore: number }
  | { readonly kind: 'restart' };

const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('piece' as const), size: fc.nat(60) }) },
    fc.record({ kind: fc.constant('astray' as const), offset: fc.nat(LENGTH) }),
    fc.record({ kind: fc.constant('full' as const), bytesBefore: fc.nat(60) }),
    fc.record({ kind: fc.constant('restart' as const) }),
  ),
  { maxLength: 20 },
);

let directory: TemporaryDirectory;
beforeEach(() => {
  directory = makeTemporaryDirectory();
});
afterEach(() => directory.remove());

test('[BS3] whatever comes between the pieces, a part never shrinks, and ends as the blob', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.nat(), async (script, seed) => {
      rmSync(directory.path, { recursive: true });
      await play(script, noise(LENGTH, seed));
    }),
    { numRuns: 60 },
  );
});

async function play(script: readonly Step[], blob: ReturnType<typeof noise>): Promise<void> {
  const disk = createFaultyFiles();
  let store = openFileBlobStore(directory.path, disk.files);
  let have = 0;
  const put = async (offset: number, size: number) => {
    const held = await store.append('acme', blob, { offset, bytes: blob.bytes.subarray(offset, offset + size) });
    return held.kind === 'part' ? held.have : LENGTH;
  };
  for (const step of script) {
    if (have === LENGTH) break;
    switch (step.kind) {
      case 'piece':
        expect(await put(have, step.size)).toBe(Math.min(LENGTH, have + step.size));
        have = Math.min(LENGTH, have + step.size);
        break;
      case 'astray':
        if (step.offset !== have) expect(await put(step.offset, 10)).toBe(have);
        break;
      case 'full': {
        disk.failing = { event: 'write part', code: 'ENOSPC', bytesBefore: step.bytesBefore };
        await expect(put(have, 60)).rejects.toThrow('ENOSPC');
        disk.failing = undefined;
        have = Math.min(LENGTH, have + Math.min(step.bytesBefore, 60));
        break;
      }
      case 'restart':
        await store.close();
        store = openFileBlobStore(directory.path, disk.files);
    }
    const held = await store.look('acme', blob);
    expect(held.kind === 'part' ? held.have : LENGTH).toBe(have);
  }
  expect(await put(have, LENGTH)).toBe(LENGTH);
  expect(await store.read('acme', blob.digest, { offset: 0, maxBytes: LENGTH })).toEqual({
    length: LENGTH,
    bytes: blob.bytes,
  });
  await store.close();
}
