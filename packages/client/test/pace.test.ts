import { up } from '@breakwater/protocol';
import { createManualScheduler } from '@breakwater/testing';
import { describe, expect, it } from 'vitest';
import { createLane } from '../src/blobs/lane.ts';
import { playOtherEnd } from './blob-session.ts';

/** The sizes of pieces on a line that takes so long over each. */
async function piecesOver(...tookMs: number[]): Promise<number[]> {
  const scheduler = createManualScheduler();
  const { session } = playOtherEnd({});
  const lane = createLane(session, scheduler);
  const sizes: number[] = [];
  for (const ms of tookMs) {
    const leave = await lane.enter(session.signal);
    sizes.push(lane.pieceBytes);
    scheduler.advance(ms);
    leave('answered');
  }
  return sizes;
}

const KIB = 1024;

describe('the size of pieces', () => {
  it('[TF5] grows on a quick line to 64 KiB', async () => {
    expect(await piecesOver(60, 60, 60, 60, 60)).toEqual([16 * KIB, 32 * KIB, 64 * KIB, 64 * KIB, 64 * KIB]);
  });

  it('[TF5] grows to 256 KiB on one that answers at once', async () => {
    const sizes = await piecesOver(20, 20, 20, 20, 20, 20);
    expect(sizes).toEqual([16 * KIB, 32 * KIB, 64 * KIB, 128 * KIB, 256 * KIB, 256 * KIB]);
  });

  it('[TF5] is 64 KiB again when that does not answer at once any more', async () => {
    const sizes = await piecesOver(20, 20, 20, 20, 100, 200, 200, 200, 200);
    expect(sizes.slice(4)).toEqual([256 * KIB, 256 * KIB, 128 * KIB, 64 * KIB, 64 * KIB]);
  });

  it('[TF5] shrinks on a slow one to 4 KiB, so that four of them hold up no row for long', async () => {
    expect(await piecesOver(2_500, 2_500, 2_500, 2_500)).toEqual([16 * KIB, 8 * KIB, 4 * KIB, 4 * KIB]);
  });

  it('[TF5] stays what it is in between', async () => {
    expect(await piecesOver(1_000, 1_000, 1_000)).toEqual([16 * KIB, 16 * KIB, 16 * KIB]);
  });

  it('[TF3] rows go first: none is larger than 64 KiB while rows go up, and for 100 ms after', async () => {
    let sincePushMs = Number.POSITIVE_INFINITY;
    const { session } = playOtherEnd({ sincePushMs: () => sincePushMs });
    const lane = createLane(session, createManualScheduler());
    for (let i = 0; i < 4; i++) (await lane.enter(session.signal))('answered');
    expect(lane.pieceBytes).toBe(256 * KIB);
    sincePushMs = 0;
    expect(lane.pieceBytes).toBe(64 * KIB);
    sincePushMs = 99;
    expect(lane.pieceBytes).toBe(64 * KIB);
    sincePushMs = 100;
    expect(lane.pieceBytes).toBe(256 * KIB);
  });

  it('[TF5] leaves a message no larger than the server takes', async () => {
    const { session } = playOtherEnd({});
    const { connected } = session;
    const limits = { ...connected.limits, maxMessageBytes: 8 * KIB };
    const lane = createLane({ ...session, connected: { ...connected, limits } }, createManualScheduler());
    const { pieceBytes } = lane;
    const piece = { digest: 'ab'.repeat(32), offset: 2 ** 40, bytes: new Uint8Array(pieceBytes) };
    const frame = up.encode({ type: 'blob-put', request: 2 ** 40, ...piece });
    expect(frame.length).toBeLessThanOrEqual(8 * KIB);
    expect(pieceBytes).toBeGreaterThan(7 * KIB);
  });

  it('[TF5] four go at once, and two of those that are larger than 64 KiB', async () => {
    const { session } = playOtherEnd({});
    const scheduler = createManualScheduler();
    const lane = createLane(session, scheduler);
    const placesNow = async () => {
      let entered = 0;
      const leaving = Array.from({ length: 6 }, async () => {
        const leave = await lane.enter(session.signal);
        entered++;
        return leave;
      });
      await new Promise((resolve) => setImmediate(resolve));
      const places = entered;
      for (const entering of leaving) (await entering)('answered');
      return places;
    };
    expect(await placesNow()).toBe(4);
    expect(lane.pieceBytes).toBe(256 * KIB);
    expect(await placesNow()).toBe(2);
  });

  it('[TF5] what waits for its turn leaves with the link', async () => {
    const { session, lose } = playOtherEnd({});
    const lane = createLane(session, createManualScheduler());
    for (let i = 0; i < 4; i++) await lane.enter(session.signal);
    const fifth = lane.enter(session.signal);
    lose();
    await expect(fifth).rejects.toThrow('connection was lost');
  });
});
