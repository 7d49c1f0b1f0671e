import { expect, test } from 'vitest';
import { createAllowance } from '../src/index.ts';

const LIMITS = { maxMessagesPerSecond: 10, maxBytesPerSecond: 1_000 };

function setUp(limits = LIMITS) {
  const clock = { now: 0 };
  const allowance = createAllowance({ limits, burstS: 2, now: () => clock.now });
  return { allowance, clock };
}

test('[LM1] some seconds’ worth may go at once, then as much as a second brings', () => {
  const { allowance, clock } = setUp();
  for (let i = 0; i < 20; i++) expect(allowance.take(1)).toBe(true);
  expect(allowance.take(1)).toBe(false);
  clock.now = 99;
  expect(allowance.take(1)).toBe(false);
  clock.now = 100;
  expect([allowance.take(1), allowance.take(1)]).toEqual([true, false]);
});

test('[LM1] bytes count as messages do, and what was not taken costs nothing', () => {
  const { allowance, clock } = setUp();
  expect([allowance.take(1_500), allowance.take(501), allowance.take(500), allowance.take(1)]).toEqual([
    true,
    false,
    true,
    false,
  ]);
  clock.now = 1_000;
  expect([allowance.waitMs(1_000), allowance.waitMs(1_500)]).toEqual([0, 500]);
});

test('[LM1] it never holds more than at first; a clock that is set back brings nothing, and goes on', () => {
  const { allowance, clock } = setUp();
  clock.now = 3_600_000;
  for (let i = 0; i < 20; i++) allowance.take(1);
  expect(allowance.waitMs(1)).toBe(100);
  clock.now = 0;
  expect(allowance.waitMs(1)).toBe(100);
  clock.now = 100;
  expect(allowance.waitMs(1)).toBe(0);
});

test('[LM1] a message larger than what there ever is goes when there is most', () => {
  const { allowance, clock } = setUp();
  expect([allowance.take(5_000), allowance.waitMs(5_000)]).toEqual([true, 5_000]);
  clock.now = 4_999;
  expect(allowance.take(5_000)).toBe(false);
  clock.now = 5_000;
  expect(allowance.take(5_000)).toBe(true);
});
