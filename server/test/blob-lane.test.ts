import { describe, expect, it } from 'vitest';
import { createLane, type Lane } from '../src/blobs/lane.ts';

const MEBIBYTE = 1024 * 1024;

/** How many pieces of that size are taken before none is answered. */
async function takenAtOnce(lane: Lane, bytes: number, answered: Promise<void>): Promise<number> {
  for (let taken = 1; ; taken++) {
    const hasRoom = lane.add(bytes, () => answered).then(() => true);
    const later = new Promise<false>((resolve) => setImmediate(() => resolve(false)));
    if (!(await Promise.race([hasRoom, later]))) return taken;
  }
}

describe('the pieces of a session', () => {
  it('[BH14] of small ones 16 may be unanswered', async () => {
    expect(await takenAtOnce(createLane(), 1_000, new Promise(() => {}))).toBe(16);
  });

  it('[BH14] of the largest as many as an honest client may have on the way, both ways', async () => {
    expect(await takenAtOnce(createLane(), MEBIBYTE / 4, new Promise(() => {}))).toBe(9);
  });

  it('[BH14] once they are answered there is room for as many again', async () => {
    const lane = createLane();
    const answered = Promise.withResolvers<void>();
    await takenAtOnce(lane, MEBIBYTE / 4, answered.promise);
    answered.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect(await takenAtOnce(lane, MEBIBYTE / 4, new Promise(() => {}))).toBe(9);
  });
});
