import { createManualScheduler, type ManualScheduler } from '@breakwater/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { createLane } from '../src/blobs/lane.ts';
import { sendBlob } from '../src/blobs/send-blob.ts';
import { RequestError } from '../src/connection/errors.ts';
import { type BlobSession, bytesOf, playOtherEnd, sha256 } from './blob-session.ts';

const LENGTH = 500_000;
const bytes = bytesOf(LENGTH);
const data = new Blob([bytes]);
const wanted = { collection: 'notes', id: 'a', digest: sha256(bytes), length: LENGTH, have: 0 };

/** Not so near that more pieces would go at once. */
const TOOK_MS = 60;
let scheduler: ManualScheduler;
beforeEach(() => {
  scheduler = createManualScheduler();
});

function send(
  { session }: BlobSession,
  { have = 0, blob = data, onHave = (_have: number) => {}, isIntact = async () => true } = {},
) {
  const lane = createLane(session, scheduler);
  return sendBlob(blob, { ...wanted, have, length: blob.size }, { lane, signal: session.signal, onHave, isIntact });
}

/** Takes pieces in order only, as the server does. */
function takeInOrder(have = 0) {
  const taken: number[] = [];
  let end = have;
  return {
    taken,
    put({ offset, bytes: piece }: { offset: number; bytes: Uint8Array }): number {
      scheduler.advance(TOOK_MS);
      if (offset === end) {
        taken.push(offset);
        end += piece.length;
      }
      return end;
    },
    lose() {
      end = 0;
    },
  };
}

describe('sending a blob', () => {
  it('[TF1] goes in pieces of at most 64 KiB, four on the way, in order, each byte once', async () => {
    const server = takeInOrder();
    const played = playOtherEnd({ put: server.put });
    const heard: number[] = [];
    await send(played, { onHave: (have) => heard.push(have) });
    expect(Math.max(...played.puts.map((put) => put.bytes.length))).toBe(64 * 1024);
    expect(played.mostAtOnce).toBe(4);
    expect(Buffer.concat(played.puts.map((put) => put.bytes)).equals(bytes)).toBe(true);
    expect(heard.at(-1)).toBe(LENGTH);
  });

  it('[TF1] begins where the server has it up to', async () => {
    const played = playOtherEnd({ put: takeInOrder(400_000).put });
    await send(played, { have: 400_000 });
    expect(played.puts[0]?.offset).toBe(400_000);
  });

  it('[TF1] an empty one is one empty piece', async () => {
    const played = playOtherEnd({ put: () => 0 });
    await send(played, { blob: new Blob([]) });
    expect(played.puts.map(({ offset, bytes: piece }) => [offset, piece.length])).toEqual([[0, 0]]);
  });

  it('[TF2] what the server did not take is sent again from where it says', async () => {
    const server = takeInOrder();
    let puts = 0;
    const played = playOtherEnd({
      put(put) {
        if (++puts === 5) server.lose();
        return server.put(put);
      },
    });
    await send(played);
    expect(server.taken.filter((offset) => offset === 0)).toHaveLength(2);
  });

  it('[TF2] it goes on behind what the server got from elsewhere meanwhile', async () => {
    const played = playOtherEnd({ put: ({ offset, bytes: piece }) => Math.max(450_000, offset + piece.length) });
    await send(played);
    expect(played.puts.some(({ offset }) => offset === 450_000)).toBe(true);
    expect(played.puts.length).toBeLessThan(7);
  });

  it('[TF2] a server that loses it again and again is given up', async () => {
    const played = playOtherEnd({ put: () => 0 });
    await expect(send(played)).rejects.toThrow('lost what it was sent 3 times');
  });

  it('[TF2] a server that does not want it gets no more of it', async () => {
    const played = playOtherEnd({ put: () => Promise.reject(new RequestError('blob-unwanted', 'no row has it')) });
    await expect(send(played)).rejects.toThrow('no row has it');
    expect(played.puts.length).toBeLessThanOrEqual(4);
  });

  it('[TF3] rows go first: while a push waits for its ack, one piece goes at a time', async () => {
    const played = playOtherEnd({ put: takeInOrder().put, pushesAnswered: () => new Promise(() => {}) });
    await send(played);
    expect(played.mostAtOnce).toBe(1);
    expect(Buffer.concat(played.puts.map((put) => put.bytes)).equals(bytes)).toBe(true);
  });

  it('[TF3] once it has its ack, they go together again', async () => {
    const acked = Promise.withResolvers<void>();
    const played = playOtherEnd({
      put(put) {
        if (played.puts.length === 2) acked.resolve();
        return takeInOrder(put.offset).put(put);
      },
      pushesAnswered: () => acked.promise,
    });
    await send(played);
    expect(played.mostAtOnce).toBe(4);
  });

  it('[AT8] bytes that the server finds wrong are looked at before they go again', async () => {
    const played = playOtherEnd({ put: ({ offset, bytes: piece }) => (offset + piece.length) % LENGTH });
    expect(await send(played, { isIntact: async () => false })).toBe('corrupt');
    expect(played.puts.filter(({ offset }) => offset === 0)).toHaveLength(1);
  });
});
