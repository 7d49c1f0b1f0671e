import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatStamp, NO_STAMP, parseStamp, type StampParts } from '../src/index.ts';
import { checkProperty } from './check-property.ts';

const LAST_MS = 36 ** 9 - 1;
const LAST_COUNTER = 36 ** 3 - 1;
const NODE = 'aaaaaaaaaa';

const nodes = fc.string({ unit: fc.constantFrom(...'0189abyz'), minLength: 10, maxLength: 10 });
const parts: fc.Arbitrary<StampParts> = fc.record(
  {
    ms: fc.oneof(fc.nat(100), fc.integer({ min: 0, max: LAST_MS }), fc.constant(LAST_MS)),
    counter: fc.oneof(fc.nat(2), fc.integer({ min: 0, max: LAST_COUNTER })),
    node: nodes,
  },
  { noNullPrototype: true },
);

test('[CR70] the parts of a stamp come back from it', () => {
  checkProperty(
    fc.property(parts, (given) => {
      expect(parseStamp(formatStamp(given))).toEqual(given);
    }),
  );
});

test('[CR71] stamps sort as text like their time, then counter, then node', () => {
  const compareParts = (a: StampParts, b: StampParts) =>
    a.ms - b.ms || a.counter - b.counter || (a.node < b.node ? -1 : Number(a.node > b.node));
  checkProperty(
    fc.property(parts, parts, (a, b) => {
      const [textA, textB] = [formatStamp(a), formatStamp(b)];
      const order = textA < textB ? -1 : Number(textA > textB);
      expect(order).toBe(Math.sign(compareParts(a, b)));
    }),
    1000,
  );
});

test('[CR72] NO_STAMP is less than every stamp', () => {
  expect(NO_STAMP < formatStamp({ ms: 0, counter: 0, node: '0000000000' })).toBe(true);
});

describe('[CR73] a part out of its range is a RangeError', () => {
  test.each<[string, Partial<StampParts>]>([
    ['before 1970', { ms: -1 }],
    ['after the year 5188', { ms: LAST_MS + 1 }],
    ['half a millisecond', { ms: 1.5 }],
    ['no time', { ms: Number.NaN }],
    ['negative counter', { counter: -1 }],
    ['large counter', { counter: LAST_COUNTER + 1 }],
    ['short node', { node: 'abc' }],
    ['node in upper case', { node: 'AAAAAAAAAA' }],
    ['node with a line break', { node: 'aaaaaaaaaa\n' }],
  ])('%s', (_name, wrong) => {
    expect(() => formatStamp({ ms: 1, counter: 0, node: NODE, ...wrong })).toThrow(RangeError);
  });
});
