import { createManualScheduler, settlePromises } from '@breakwater/testing';
import { expect, it } from 'vitest';
import { createBlobs } from '../src/blobs/blobs.ts';
import { bytesOf, playOtherEnd, sha256 } from './blob-session.ts';

const bytes = bytesOf(1_000);
const digest = sha256(bytes);

it('[AT7] nothing is sent before it is known that the database belongs to that server, tenant and user', async () => {
  const blobs = createBlobs({
    bytesOf: () => ({
      named: async () => [{ name: 'photo', digest, length: 1_000, type: 'image/png' }],
      held: async () => undefined,
      heldUnderAnyName: async () => ({ isWhole: true, data: new Blob([bytes]) }),
      keep: async () => {},
    }),
    hash: async () => digest,
    scheduler: createManualScheduler(),
    onTransfers: () => {},
    onError: () => {},
  });
  const { session, puts, lacked } = playOtherEnd({ put: ({ offset, bytes: piece }) => offset + piece.length });
  blobs.receive(session, {
    type: 'blob-want',
    blobs: [{ collection: 'notes', id: 'a', digest, length: 1_000, have: 0 }],
  });
  await settlePromises();
  expect([puts, lacked]).toEqual([[], []]);
  blobs.begin(session);
  await expect.poll(() => puts.length).toBe(1);
});
