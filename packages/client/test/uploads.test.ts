import { createManualScheduler, type ManualScheduler, settlePromises } from '@breakwater/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { createTransfers, type TransferState } from '../src/blobs/transfers.ts';
import { createUploads, type Uploads } from '../src/blobs/uploads.ts';
import { RequestError } from '../src/connection/errors.ts';
import type { SyncError } from '../src/status.ts';
import type { AttachmentBytes, HeldBytes } from '../src/storage/attachment-bytes.ts';
import { bytesOf, playOtherEnd, sha256 } from './blob-session.ts';

const LENGTH = 100_000;
const bytes = bytesOf(LENGTH);
const digest = sha256(bytes);

let scheduler: ManualScheduler;
let uploads: Uploads;
let errors: Omit<SyncError, 'at'>[];
let shown: (readonly TransferState[])[];
let held: HeldBytes | undefined;

const storage: AttachmentBytes = {
  named: async (_id, wanted) => (held ? [{ name: 'photo', digest: wanted, length: LENGTH, type: 'image/png' }] : []),
  held: async () => held,
  heldUnderAnyName: async () => held,
  keep: async () => {},
};

beforeEach(() => {
  scheduler = createManualScheduler();
  errors = [];
  shown = [];
  held = { isWhole: true, data: new Blob([bytes]) };
  uploads = createUploads({
    bytesOf: () => storage,
    hash: async (data) => sha256(new Uint8Array(await data.arrayBuffer())),
    transfers: createTransfers(scheduler, (states) => shown.push(states)),
    scheduler,
    onError: (error) => errors.push(error),
  });
});

const want = (over: { digest?: string; have?: number } = {}) => {
  return { collection: 'notes', id: 'a', digest, length: LENGTH, have: 0, ...over };
};
const take = ({ offset, bytes: piece }: { offset: number; bytes: Uint8Array }) => offset + piece.length;
/** As a server does to which the whole has another digest. */
const throwAwayWhole = (put: { offset: number; bytes: Uint8Array }) => (take(put) === LENGTH ? 0 : take(put));

describe('sending what the server asks for', () => {
  it('[TF1] sends it, and lists it meanwhile', async () => {
    const played = playOtherEnd({ put: take });
    await uploads.send(played.session, [want({ have: 40_000 })]);
    expect(played.puts[0]?.offset).toBe(40_000);
    expect(shown[0]).toMatchObject([{ direction: 'up', name: 'photo', bytes: 40_000, total: LENGTH, state: 'moving' }]);
    expect(shown.at(-1)).toEqual([]);
  });

  it('[TF1] what is asked for twice is sent once', async () => {
    const played = playOtherEnd({ put: take });
    await uploads.send(played.session, [want(), want()]);
    expect(played.puts.filter(({ offset }) => offset === 0)).toHaveLength(1);
  });

  it('[TF3] two at once, and four pieces of all of them', async () => {
    const digests = [1, 2, 3, 4].map((seed) => sha256(bytesOf(LENGTH, seed)));
    uploads = createUploads({
      bytesOf: () => storage,
      hash: async () => '',
      transfers: createTransfers(scheduler, (states) => shown.push(states)),
      scheduler,
      onError: (error) => errors.push(error),
    });
    const played = playOtherEnd({
      put(put) {
        // Not so near that more would go at once.
        scheduler.advance(60);
        return take(put);
      },
    });
    await uploads.send(
      played.session,
      digests.map((each) => want({ digest: each })),
    );
    expect(Math.max(...shown.map(({ length }) => length))).toBe(2);
    expect(played.mostAtOnce).toBe(4);
    expect(new Set(played.puts.map((put) => put.digest)).size).toBe(4);
  });

  it('[AT7] what is not here, or only in part, is said not to be', async () => {
    const played = playOtherEnd({ put: take });
    held = { isWhole: false, data: new Blob([bytes.subarray(0, 10)]) };
    await uploads.send(played.session, [want()]);
    held = undefined;
    await uploads.send(played.session, [want()]);
    expect(played.lacked).toEqual([digest, digest]);
    expect(played.puts).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('[AT8] bytes that the server finds wrong, and are, are told of and not sent again', async () => {
    const played = playOtherEnd({ put: throwAwayWhole });
    held = { isWhole: true, data: new Blob([bytesOf(LENGTH, 7)]) };
    await uploads.send(played.session, [want()]);
    expect(played.puts.filter(({ offset }) => offset === 0)).toHaveLength(1);
    expect(played.lacked).toEqual([digest]);
    expect(errors).toMatchObject([{ code: 'attachment-corrupt', collection: 'notes' }]);
  });

  it('[AT8] bytes of another length than the row says are not sent at all', async () => {
    const played = playOtherEnd({ put: take });
    held = { isWhole: true, data: new Blob([bytesOf(LENGTH - 1)]) };
    await uploads.send(played.session, [want()]);
    expect(played.puts).toEqual([]);
    expect(played.lacked).toEqual([digest]);
    expect(errors).toMatchObject([{ code: 'attachment-corrupt', collection: 'notes' }]);
  });

  it('[AT8] bytes that the server finds wrong, and are right here, go up once more', async () => {
    let isSpoilt = true;
    const played = playOtherEnd({
      put(put) {
        const have = isSpoilt ? throwAwayWhole(put) : take(put);
        if (have === 0) isSpoilt = false;
        return have;
      },
    });
    await uploads.send(played.session, [want()]);
    expect(played.puts.filter(({ offset }) => offset === 0)).toHaveLength(2);
    expect(played.lacked).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('[TF2] what the server does not want any more ends without a word', async () => {
    const played = playOtherEnd({ put: () => Promise.reject(new RequestError('blob-unwanted', 'no row has it')) });
    await uploads.send(played.session, [want()]);
    expect(errors).toEqual([]);
  });

  it('[TF2] what the server could not store is told of, and sent again half a minute later', async () => {
    let isFull = true;
    const played = playOtherEnd({
      put: (put) => (isFull ? Promise.reject(new RequestError('storage-failed', 'the disk is full')) : take(put)),
    });
    await uploads.send(played.session, [want()]);
    expect(errors).toMatchObject([{ code: 'upload-failed' }]);
    isFull = false;
    const sent = played.puts.length;
    await scheduler.advanceAsync(29_999);
    expect(played.puts).toHaveLength(sent);
    await scheduler.advanceAsync(1);
    const again = () => Buffer.concat(played.puts.slice(sent).map((put) => put.bytes));
    await expect.poll(() => again().equals(bytes)).toBe(true);
    expect(errors).toHaveLength(1);
  });

  it('[TF2] the end of the link ends it, and leaves no timer', async () => {
    const played = playOtherEnd({ put: () => new Promise<never>(() => {}) });
    const sending = uploads.send(played.session, [want()]);
    await settlePromises();
    played.lose();
    await sending;
    expect(errors).toEqual([]);
    expect(scheduler.waiting).toBe(0);
  });
});
