import { describe, expect, it } from 'vitest';
import { createLwtClock } from '../src/storage/lwt-clock.ts';

describe('last-write times', () => {
  it('[SC4] grow even when the device clock is set back', () => {
    let now = 1_000;
    const lwt = createLwtClock(() => now, 0);
    const first = lwt.next();
    now = 500;
    expect(lwt.next()).toBe(1_000.01);
    lwt.observe(2_000);
    expect([first, lwt.next()]).toEqual([1_000, 2_000.01]);
  });

  it('[SC5] nothing counts as settled that a write on its way to the storage could still undercut', () => {
    let now = 1_000;
    const lwt = createLwtClock(() => now, 0);
    const slow = lwt.next();
    const arrived = lwt.begin(slow);
    now = 90_000;
    lwt.observe(lwt.next());
    expect(lwt.settled).toBeLessThan(slow);
    arrived();
    lwt.observe(90_000);
    expect(lwt.settled).toBe(90_000);
  });

  it('[SC5] the mark never passes the newest document: only documents tell the next start where it stands', () => {
    const lwt = createLwtClock(() => 90_000, 0);
    lwt.next();
    expect(lwt.settled).toBe(0);
    lwt.startAfter(100_000);
    expect([lwt.settled, lwt.next()]).toEqual([0, 100_000.01]);
  });
});
