import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Clock, createClock, formatStamp, parseStamp, type Stamp } from '../src/index.ts';
import { checkProperty } from './check-property.ts';
import { at } from './states.ts';

interface TestClock extends Clock {
  set(ms: number): void;
}

function clockAt(ms: number): TestClock {
  let now = ms;
  const set = (later: number) => {
    now = later;
  };
  return Object.assign(createClock({ now: () => now }), { set });
}

function nodeOf(stamp: Stamp): string {
  return parseStamp(stamp).node;
}

function without(stamp: Stamp): { ms: number; counter: number } {
  const { ms, counter } = parseStamp(stamp);
  return { ms, counter };
}

test("[CR80] stamps of one clock grow, wherever the device's time goes", () => {
  checkProperty(
    fc.property(fc.array(fc.integer({ min: -5, max: 1000 }), { minLength: 2, maxLength: 30 }), (times) => {
      const clock = clockAt(0);
      const stamps = times.map((ms) => {
        clock.set(ms);
        return clock.next();
      });
      expect(stamps).toEqual([...new Set(stamps)].sort());
    }),
  );
});

test("[CR81] a stamp carries the device's time, in whole milliseconds", () => {
  expect(without(clockAt(5000.7).next())).toEqual({ ms: 5000, counter: 0 });
});

test('[CR82] the stamp is greater than the one given, whatever that is', () => {
  checkProperty(
    fc.property(fc.integer({ min: 0, max: 2000 }), fc.integer({ min: 0, max: 46655 }), (ms, counter) => {
      const after = formatStamp({ ms, counter, node: 'zzzzzzzzzz' });
      expect(clockAt(1000).next(after) > after).toBe(true);
    }),
  );
});

test('[CR83] a full counter carries into the milliseconds', () => {
  const after = formatStamp({ ms: 7000, counter: 36 ** 3 - 1, node: 'zzzzzzzzzz' });
  expect(without(clockAt(1000).next(after))).toEqual({ ms: 7001, counter: 0 });
});

test('[CR84] a clock that stands still carries too', () => {
  const clock = clockAt(1000);
  for (let i = 0; i < 36 ** 3; i++) clock.next();
  expect(without(clock.next())).toEqual({ ms: 1001, counter: 0 });
});

test('[CR85] a document from the future does not drag the clock along', () => {
  const clock = clockAt(1000);
  clock.next(at(9_000_000));
  expect(parseStamp(clock.next()).ms).toBe(1000);
  expect(clock.highWaterMs()).toBe(1000);
});

test('[CR86] writes to a document from the future still grow', () => {
  const clock = clockAt(1000);
  const first = clock.next(at(9_000_000, 'zzzzzzzzzz'));
  expect(clock.next(first) > first).toBe(true);
});

test('[CR87] a correction shifts the time', () => {
  const clock = clockAt(1000);
  clock.correct(500);
  expect(clock.nowMs()).toBe(1500);
  expect(parseStamp(clock.next()).ms).toBe(1500);
});

test('[CR88] a correction backwards takes a new node id and the corrected time', () => {
  const clock = clockAt(10_000);
  const before = clock.next();
  clock.correct(-4000);
  const after = clock.next();
  expect(nodeOf(after)).not.toBe(nodeOf(before));
  expect(without(after)).toEqual({ ms: 6000, counter: 0 });
});

test('[CR89] a correction forwards, or none, keeps the node id', () => {
  const clock = clockAt(10_000);
  const before = clock.next();
  clock.correct(100);
  clock.correct(100);
  expect(nodeOf(clock.next())).toBe(nodeOf(before));
});

test('[CR94] a correction that finds the clock more than a minute ahead starts again, under a new node id', () => {
  const clock = clockAt(1_000_000);
  clock.startAfter(1_000_000 + 3_600_000);
  const before = clock.next();
  clock.correct(0);
  const after = clock.next();
  expect(without(after)).toEqual({ ms: 1_000_000, counter: 0 });
  expect(nodeOf(after)).not.toBe(nodeOf(before));
});

test('[CR90] startAfter leaves out the time given and what lies before it', () => {
  const clock = clockAt(1000);
  clock.startAfter(5000);
  expect(without(clock.next())).toEqual({ ms: 5001, counter: 0 });
});

test('[CR91] startAfter a time gone by changes nothing', () => {
  const clock = clockAt(1000);
  const first = clock.next();
  clock.startAfter(10);
  expect(clock.next() > first).toBe(true);
  expect(clock.highWaterMs()).toBe(1000);
});

test('[CR92] two clocks have two node ids', () => {
  expect(nodeOf(createClock().next())).not.toBe(nodeOf(createClock().next()));
});

test('[CR93] the node id comes from the chance that was given', () => {
  expect(nodeOf(createClock({ now: () => 1, random: () => 0.999 }).next())).toBe('zzzzzzzzzz');
});
