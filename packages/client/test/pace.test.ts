import { createManualScheduler } from '@breakwater/testing';
import { describe, expect, it } from 'vitest';
import { createLane } from '../src/blobs/lane.ts';
import { playOtherEnd } from './blob-session.ts';

async function piecesOver(tookMs: number, pieces: number): Promise<number[]> {
  const scheduler = createManualScheduler();
  const { session } = playOtherEnd({});
  const lane = createLane(session, scheduler);
  const sizes: number[] = [];
  for (let i = 0; i < pieces; i++) {
    const leave = await lane.enter(session.signal);
    sizes.push(lane.pieceBytes);
    scheduler.advance(tookMs);
    leave('answered');
  }
  return sizes;
}

const KIB = 1024;

describe('the size of pieces', () => {
  it('[TF5] grows on a quick line to 64 KiB', async () => {
    expect(await piecesOver(20, 5)).toEqual([16 * KIB, 32 * KIB, 64 * KIB, 64 * KIB, 64 * KIB]);
  });

  it('[TF5] shrinks on a slow one to 4 KiB, so that four of them hold up no row for long', async () => {
    expect(await piecesOver(2_500, 4)).toEqual([16 * KIB, 8 * KIB, 4 * KIB, 4 * KIB]);
  });

  it('[TF5] stays what it is in between', async () => {
    expect(await piecesOver(1_000, 3)).toEqual([16 * KIB, 16 * KIB, 16 * KIB]);
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
