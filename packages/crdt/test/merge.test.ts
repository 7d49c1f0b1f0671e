import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isDeleted, MissingBaseError, merge, newestStamp, type Path, type State, stampAt } from '../src/index.ts';
import { anyStates, deltas, statesOfOneGeneration, wholeStates } from './arbitraries.ts';
import { hexOf } from './bytes.ts';
import { checkProperty } from './check-property.ts';
import { at, partial, whole } from './states.ts';

/** The merged bytes, or why there are none. */
function attempt(run: () => State): string {
  try {
    return hexOf(run());
  } catch (error) {
    if (error instanceof MissingBaseError) return error.name;
    throw error;
  }
}

test('[CR1] merge is commutative', () => {
  checkProperty(
    fc.property(anyStates, anyStates, (a, b) => {
      expect(attempt(() => merge(a, b))).toBe(attempt(() => merge(b, a)));
    }),
  );
});

test('[CR2] merge is idempotent', () => {
  checkProperty(
    fc.property(anyStates, (a) => {
      expect(hexOf(merge(a, a))).toBe(hexOf(a));
    }),
  );
});

test('[CR3] merge is associative over whole states of any generations', () => {
  checkProperty(
    fc.property(wholeStates, wholeStates, wholeStates, (a, b, c) => {
      expect(hexOf(merge(merge(a, b), c))).toBe(hexOf(merge(a, merge(b, c))));
    }),
    1000,
  );
});

test('[CR4] merge is associative over states and deltas of one generation', () => {
  checkProperty(
    fc.property(statesOfOneGeneration, ([a, b, c]) => {
      expect(hexOf(merge(merge(a, b), c))).toBe(hexOf(merge(a, merge(b, c))));
    }),
  );
});

test('[CR5] any two orders of merging the same states and deltas that are both defined agree', () => {
  checkProperty(
    fc.property(anyStates, anyStates, anyStates, (a, b, c) => {
      const orders = [
        attempt(() => merge(merge(a, b), c)),
        attempt(() => merge(a, merge(b, c))),
        attempt(() => merge(merge(a, c), b)),
      ];
      const defined = orders.filter((result) => result !== 'MissingBaseError');
      expect(new Set(defined).size).toBeLessThanOrEqual(1);
    }),
    1000,
  );
});

test('[CR6] the greater stamp wins, path by path', () => {
  const a = whole({ title: [at(2), 'newer'], color: [at(1), 'red'] });
  const b = whole({ title: [at(1), 'older'], color: [at(2), 'blue'] });
  expect(merge(a, b)).toEqual(whole({ title: [at(2), 'newer'], color: [at(2), 'blue'] }));
});

test('[CR7] between equal stamps the greater value wins, and any value over none', () => {
  const [two, three, none] = [2, 3, undefined].map((value) => whole({ a: [at(1), value] })) as [State, State, State];
  expect(merge(two, three)).toEqual(three);
  expect(merge(none, two)).toEqual(two);
});

test('[CR8] a removed field stays removed against an older value', () => {
  const removed = whole({ a: [at(2), undefined] });
  expect(merge(removed, whole({ a: [at(1), 'old'] }))).toEqual(removed);
});

test('[CR9] a greater generation replaces everything older than itself', () => {
  const old = whole({ title: [at(1), 'old'], color: [at(2), 'red'] });
  const replaced = whole({ title: [at(3), 'new'] }, at(3));
  expect(merge(old, replaced)).toEqual(replaced);
});

test('[CR10] a register newer than the generation survives it', () => {
  const old = whole({ color: [at(4), 'red'] });
  const replaced = whole({ title: [at(3), 'new'] }, at(3));
  expect(merge(old, replaced)).toEqual(whole({ color: [at(4), 'red'], title: [at(3), 'new'] }, at(3)));
});

test('[CR11] a revived document is not deleted, and an edit in its tombstone is gone', () => {
  const tombstone = whole({ title: [at(3), 'edited meanwhile'], _deleted: [at(2), true] });
  const merged = merge(tombstone, whole({ color: [at(4), 'red'] }, at(4)));
  expect(isDeleted(merged)).toBe(false);
  expect(merged.registers.has('title' as Path)).toBe(false);
});

test('[CR12] an edit does not undo a deletion', () => {
  const tombstone = whole({ _deleted: [at(2), true] });
  expect(isDeleted(merge(tombstone, partial({ title: [at(3), 'later'] })))).toBe(true);
});

test('[CR13] a delta of a later generation than the state is a MissingBaseError, on either side', () => {
  const state = whole({}, at(1));
  const later = partial({}, at(2));
  expect(() => merge(state, later)).toThrow(MissingBaseError);
  expect(() => merge(later, state)).toThrow(MissingBaseError);
});

test('[CR14] a delta of an earlier generation merges, and its older registers are dropped', () => {
  const state = whole({}, at(2));
  const delta = partial({ a: [at(1), 'before'], b: [at(3), 'after'] });
  expect(merge(state, delta)).toEqual(whole({ b: [at(3), 'after'] }, at(2)));
});

test('[CR15] a delta says nothing of unlisted paths', () => {
  checkProperty(
    fc.property(deltas, wholeStates, (delta, state) => {
      fc.pre(delta.generation <= state.generation);
      for (const [path, register] of merge(delta, state).registers) {
        if (!delta.registers.has(path)) expect(register).toEqual(state.registers.get(path));
      }
    }),
  );
});

test('[CR16] the stamp of a path never goes back, and the newest stamp is the newest of both', () => {
  checkProperty(
    fc.property(wholeStates, wholeStates, (a, b) => {
      const merged = merge(a, b);
      const paths = [...a.registers.keys(), ...b.registers.keys()];
      for (const path of paths) expect(stampAt(merged, path) >= stampAt(a, path)).toBe(true);
      expect(newestStamp(merged) >= newestStamp(a)).toBe(true);
    }),
  );
});
