import { createManualScheduler, type ManualScheduler } from '@breakwater/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { createLane } from '../src/blobs/lane.ts';
import { receiveBlob } from '../src/blobs/receive-blob.ts';
import { type BlobSession, bytesOf, playOtherEnd, sha256 } from './blob-session.ts';

const LENGTH = 300_000;
const bytes = bytesOf(LENGTH);
const wanted = { collection: 'notes', id: 'a', digest: sha256(bytes), length: LENGTH };

/** Not so near that more pieces would come at once. */
const TOOK_MS = 60;
let scheduler: ManualScheduler;
beforeEach(() => {
  scheduler = createManualScheduler();
});

function receive({ session }: BlobSession, { part = new Blob([]), signal = session.signal } = {}) {
  const lane = createLane(session, scheduler);
  return receiveBlob(wanted, part, { lane, signal, onPiece: () => {} });
}

const serve =
  (atMost = Number.POSITIVE_INFINITY) =>
  ({ offset, maxBytes }: { offset: number; maxBytes: number }) => {
    scheduler.advance(TOOK_MS);
    return { length: LENGTH, bytes: bytes.subarray(offset, offset + Math.min(maxBytes, atMost)) };
  };

async function expectWhole(received: Blob): Promise<void> {
  expect(Buffer.from(await received.arrayBuffer()).equals(bytes)).toBe(true);
}

describe('receiving a blob', () => {
  it('[TF4] comes in pieces of at most 64 KiB, at most four asked for at once', async () => {
    const played = playOtherEnd({ get: serve() });
    await expectWhole(await receive(played));
    expect(Math.max(...played.gets.map(({ maxBytes }) => maxBytes))).toBeLessThanOrEqual(64 * 1024);
    expect(played.mostAtOnce).toBe(4);
  });

  it('[TF4] begins behind what is here', async () => {
    const played = playOtherEnd({ get: serve() });
    await expectWhole(await receive(played, { part: new Blob([bytes.subarray(0, 200_000)]) }));
    expect(played.gets[0]?.offset).toBe(200_000);
  });

  it('[TF4] a server may send less than it was asked for', async () => {
    await expectWhole(await receive(playOtherEnd({ get: serve(1_000) })));
  });

  it('[TF4] bytes of another length are an error, and so is an end before the end', async () => {
    const longer = playOtherEnd({ get: () => ({ length: LENGTH + 1, bytes }) });
    await expect(receive(longer)).rejects.toThrow(`has ${LENGTH + 1} bytes`);
    const shorter = playOtherEnd({ get: () => ({ length: LENGTH, bytes: new Uint8Array(0) }) });
    await expect(receive(shorter)).rejects.toThrow(wanted.digest);
  });

  it('[TF4] ends with the link, and when it is not wanted any more', async () => {
    const lost = playOtherEnd({ get: () => new Promise<never>(() => {}) });
    const waiting = receive(lost);
    lost.lose();
    await expect(waiting).rejects.toThrow('connection was lost');
    const controller = new AbortController();
    const played = playOtherEnd({
      get(get) {
        controller.abort(new Error('enough'));
        return serve()(get);
      },
    });
    await expect(receive(played, { signal: controller.signal })).rejects.toThrow('enough');
    expect(played.gets.length).toBeLessThanOrEqual(4);
  });
});
