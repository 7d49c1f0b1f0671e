import fc from 'fast-check';
import { expect, test } from 'vitest';
import { delta, EMPTY_STATE, GENERATION, merge, type Path, pick, sameState } from '../src/index.ts';
import { anyStates, wholeStates } from './arbitraries.ts';
import { hexOf } from './bytes.ts';
import { checkProperty } from './check-property.ts';
import { at, partial, whole } from './states.ts';

test('[CR20] delta(a, since) merged onto since is merge(a, since)', () => {
  checkProperty(
    fc.property(wholeStates, wholeStates, (a, since) => {
      expect(hexOf(merge(since, delta(a, since)))).toBe(hexOf(merge(a, since)));
    }),
    1000,
  );
});

test('[CR21] a delta holds no register that the other side has, and of equal states it is empty', () => {
  checkProperty(
    fc.property(wholeStates, wholeStates, (a, b) => {
      const merged = merge(a, b);
      expect(delta(a, merged).registers.size).toBe(0);
      expect(delta(a, merged).partial).toBe(true);
    }),
  );
});

test('[CR22] delta since an older generation is the whole state', () => {
  const state = whole({ a: [at(3), 1] }, at(2));
  expect(delta(state, whole({ a: [at(3), 1] }))).toBe(state);
});

test('[CR23] pick is a delta of the named registers', () => {
  const state = whole({ a: [at(1), 1], b: [at(1), 2] });
  expect(pick(state, ['a', 'gone'] as Path[])).toEqual(partial({ a: [at(1), 1] }));
});

test('[CR24] pick of the generation is the whole state', () => {
  const state = whole({ a: [at(1), 1] }, at(1));
  expect(pick(state, [GENERATION])).toBe(state);
});

test('[CR25] a picked delta merges back without a change', () => {
  checkProperty(
    fc.property(wholeStates, fc.infiniteStream(fc.boolean()), (state, choose) => {
      const paths = [...state.registers.keys()].filter(() => choose.next().value);
      expect(hexOf(merge(state, pick(state, paths)))).toBe(hexOf(state));
    }),
  );
});

test('[CR26] sameState says whether two states have the same bytes', () => {
  checkProperty(
    fc.property(anyStates, anyStates, (a, b) => {
      expect(sameState(a, b)).toBe(hexOf(a) === hexOf(b));
      expect(sameState(a, { ...a, registers: new Map([...a.registers].reverse()) })).toBe(true);
    }),
  );
});

test('[CR27] the empty state changes nothing', () => {
  checkProperty(
    fc.property(wholeStates, (state) => {
      expect(hexOf(merge(EMPTY_STATE, state))).toBe(hexOf(state));
    }),
  );
});
