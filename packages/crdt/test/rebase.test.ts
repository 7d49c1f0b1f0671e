import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Json, type MergeKind, rebaseContent } from '../src/index.ts';
import { checkProperty } from './check-property.ts';

const rebase = (kind: MergeKind, from: Json, to: Json, onto: Json) => rebaseContent(kind, { from, to }, onto);

describe('rebasing content', () => {
  const items = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 6 });
  const values: { readonly [K in MergeKind]: fc.Arbitrary<Json> } = {
    text: fc.string({ unit: 'grapheme', maxLength: 12 }),
    list: items,
    set: items.map((members) => [...new Set(members)].sort()),
    counter: fc.integer({ min: -100, max: 100 }),
  };

  it.each(Object.entries(values) as [MergeKind, fc.Arbitrary<Json>][])(
    '[CR170] a change of a %s onto the value that it came from gives what it led to',
    (kind, value) => {
      checkProperty(
        fc.property(value, value, (from, to) => {
          expect(rebase(kind, from, to, from)).toEqual(to);
        }),
      );
    },
  );

  it.each(Object.entries(values) as [MergeKind, fc.Arbitrary<Json>][])(
    '[CR170] no change of a %s leaves any value as it is',
    (kind, value) => {
      checkProperty(
        fc.property(value, value, (from, onto) => {
          expect(rebase(kind, from, from, onto)).toEqual(onto);
        }),
      );
    },
  );

  it('[CR171] both changes of a text are in the result', () => {
    expect(rebase('text', 'low tide', 'low tide at noon', 'very low tide')).toBe('very low tide at noon');
    expect(rebase('text', 'low tide', 'tide', 'very low tide')).toBe('very tide');
    expect(rebase('text', 'huge paste', 'huge paste!', '')).toBe('!');
  });

  it('[CR171] nothing is removed from a text but what was removed', () => {
    expect(rebase('text', 'a huge paste', 'a paste', 'short')).toBe('short');
  });

  it('[CR171] no character of a text is cut in two', () => {
    expect(rebase('text', 'abc', 'aXbc', '😀😀')).toBe('X😀😀');
  });

  it('[CR171] items are added and removed by value', () => {
    expect(rebase('list', ['a', 'b'], ['a', 'b', 'c'], [])).toEqual(['c']);
    expect(rebase('list', ['a', 'b'], ['b'], ['x', 'a', 'b'])).toEqual(['x', 'b']);
    expect(rebase('set', ['a'], ['b'], ['a', 'c'])).toEqual(['b', 'c']);
  });

  it('[CR171] counts add up', () => {
    expect(rebase('counter', 3, 5, 10)).toBe(12);
  });
});
