import { deflateRawSync } from 'node:zlib';
import { type DownMessage, down } from '@breakwater/protocol';
import { expect, test } from 'vitest';
import { createFrameReader } from '../src/connection/frame-reader.ts';

const LONG = 'the same again and again '.repeat(1_000);

function pong(request: number): Uint8Array {
  return down.encode({ type: 'pong', request, reconnectSpreadMs: 0 });
}

function failure(request: number): Uint8Array {
  return down.encode({ type: 'error', request, code: 'storage-failed', message: LONG });
}

function deflated(frame: Uint8Array, length = frame.length): Uint8Array {
  return down.encode({ type: 'deflated', length, bytes: deflateRawSync(frame) });
}

/** What a reader makes of frames, told when it has made so much of them. */
function read(frames: readonly Uint8Array[]) {
  const requests: number[] = [];
  const faults: string[] = [];
  const reader = createFrameReader({
    onMessage: (message: DownMessage) => requests.push('request' in message ? message.request : -1),
    onFault: (error) => faults.push(String(error)),
  });
  for (const frame of frames) reader.take(frame);
  return { requests, faults };
}

test('[CN27] messages are heard in the order in which they came, deflated or not', async () => {
  const { requests, faults } = read([pong(1), deflated(failure(2)), pong(3), deflated(failure(4)), pong(5)]);
  expect(requests).toEqual([1]);
  await expect.poll(() => requests).toEqual([1, 2, 3, 4, 5]);
  expect(faults).toEqual([]);
});

const broken: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ['is no deflate', down.encode({ type: 'deflated', length: 9, bytes: new Uint8Array([7, 7, 7]) }), /does not inflate/],
  ['inflates to more than was said', deflated(failure(2), 100), /does not have the 100 bytes/],
  ['inflates to less than was said', deflated(failure(2), LONG.length * 2), /does not have the 50000 bytes/],
  ['would fill the memory', deflated(failure(2), 1e9), /too large/],
  ['holds another one', deflated(deflated(failure(2))), /holds another one/],
  ['holds no message', deflated(new Uint8Array([63])), /unknown kind 63/],
];

test.each(broken)(
  '[CN28] a deflated frame that %s is a fault, and nothing after it is heard',
  async (_, frame, why) => {
    const { requests, faults } = read([pong(1), frame, pong(3)]);
    await expect.poll(() => faults).toEqual([expect.stringMatching(why)]);
    expect(requests).toEqual([1]);
  },
);
