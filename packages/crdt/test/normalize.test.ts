import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normalize, sameValue, ValueError } from '../src/index.ts';
import { values } from './arbitraries.ts';
import { checkProperty } from './check-property.ts';

const LONE = '\ud800';

describe('[CR50] a value is normalised as it is stored and sent', () => {
  test.each<[string, unknown, unknown]>([
    ['undefined keys go', { a: undefined, b: 1 }, { b: 1 }],
    ['undefined items are null', [1, undefined], [1, null]],
    ['holes are null', new Array(2), [null, null]],
    ['NaN is null', [Number.NaN], [null]],
    ['infinities are null', { a: Number.POSITIVE_INFINITY, b: Number.NEGATIVE_INFINITY }, { a: null, b: null }],
    ['-0 is 0', -0, 0],
    ['-0 in an array is 0', [1, -0], [1, 0]],
    ['-0 in an object is 0', { a: { b: -0 } }, { a: { b: 0 } }],
    ['lone surrogates are replaced', `a${LONE}`, 'a\ufffd'],
    ['lone surrogates in keys are replaced', { [LONE]: 1 }, { '\ufffd': 1 }],
    ['dates are text', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['empty keys stay', { '': 1 }, { '': 1 }],
    ['huge integers stay', 2 ** 60, 2 ** 60],
  ])('%s', (_name, given, stored) => {
    expect(normalize(given)).toStrictEqual(stored);
  });
});

test('[CR51] what is normal already comes back as the same object', () => {
  checkProperty(
    fc.property(values, (value) => {
      expect(normalize(value)).toBe(value);
    }),
  );
});

test('[CR52] normalising twice changes nothing', () => {
  const anything = fc.anything({ withSparseArray: true, withNullPrototype: true, values: [fc.double(), fc.string()] });
  checkProperty(
    fc.property(anything, (given) => {
      const normal = attempt(given);
      if (normal !== undefined) expect(normalize(normal)).toBe(normal);
    }),
  );
});

function attempt(given: unknown): unknown {
  try {
    return normalize(given);
  } catch (error) {
    expect(error).toBeInstanceOf(ValueError);
    return undefined;
  }
}

test('[CR53] frozen input is left alone', () => {
  const inner = Object.freeze([1, Number.NaN]);
  const outer = Object.freeze({ inner, gone: undefined });
  expect(normalize(outer)).toEqual({ inner: [1, null] });
  expect(outer).toEqual({ inner: [1, Number.NaN], gone: undefined });
});

describe('[CR54] what JSON does not have is a ValueError', () => {
  test.each<[string, unknown]>([
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a bigint', 1n],
    ['a map', new Map()],
    ['an instance of a class', new (class Point {})()],
    ['an object whose prototype has no constructor', Object.create(Object.create(null))],
    ['the key __proto__', JSON.parse('{"a":{"__proto__":1}}')],
  ])('%s', (_name, value) => {
    expect(() => normalize(value)).toThrow(ValueError);
  });
});

test('[CR55] a value may nest 64 levels deep and no deeper', () => {
  const nested = (levels: number): unknown => (levels === 0 ? 0 : [nested(levels - 1)]);
  expect(() => normalize(nested(64))).not.toThrow();
  expect(() => normalize(nested(65))).toThrow(ValueError);
});

test('[CR56] a value that contains itself is a ValueError', () => {
  const loop: unknown[] = [];
  loop.push(loop);
  expect(() => normalize(loop)).toThrow(ValueError);
});

describe('[CR57] values are equal whatever the order of their keys', () => {
  test.each<[boolean, Parameters<typeof sameValue>]>([
    [
      true,
      [
        { a: 1, b: [2] },
        { b: [2], a: 1 },
      ],
    ],
    [
      false,
      [
        [1, 2],
        [2, 1],
      ],
    ],
    [false, [{ a: 1 }, { a: 1, b: 1 }]],
    [false, [{ a: 1 }, { b: 1 }]],
    [false, [[], {}]],
    [false, [{ 0: 1 }, [1]]],
    [false, [null, undefined]],
    [false, [{}, JSON.parse('{"toString":1}')]],
  ])('%s: %j', (same, [a, b]) => {
    expect(sameValue(a, b)).toBe(same);
    expect(sameValue(b, a)).toBe(same);
  });
});
