import fc from 'fast-check';
import { expect, test } from 'vitest';
import { counterPath, isCounterPath, merge, type Path, readCounter, type State } from '../src/index.ts';
import { checkProperty } from './check-property.ts';
import { at, whole } from './states.ts';

test("[CR117] a counter is the sum of its replicas' registers, whatever else lies near it", () => {
  const state = whole({
    likes: [at(1), 100],
    'likes.a': [at(1), 2],
    'likes.b': [at(2), -5],
    'likes.c': [at(2), undefined],
    'likes.d': [at(2), 'seven'],
    'likes.e.f': [at(2), 100],
    likesToo: [at(2), 100],
    'likesToo.a': [at(2), 100],
  });
  expect(readCounter(state, 'likes')).toBe(-3);
  expect(readCounter(state, 'none')).toBe(0);
});

test('[CR118] a counter has one path for each replica, whatever the names', () => {
  const names = fc.string().map((name) => name.toWellFormed());
  checkProperty(
    fc.property(names, names, names, (field, replica, other) => {
      const path = counterPath(field, replica);
      expect(isCounterPath(path, field)).toBe(true);
      if (other !== field) expect(isCounterPath(path, other)).toBe(false);
    }),
  );
});

test('[CR119] whatever replicas heard of each other, everything that they counted is in the sum', () => {
  const steps = fc.array(fc.tuple(fc.nat(2), fc.nat(2), fc.integer({ min: -9, max: 9 })), { maxLength: 30 });
  checkProperty(
    fc.property(steps, (given) => {
      const states: State[] = [whole({}), whole({}), whole({})];
      const [own, total] = [[0, 0, 0], given.reduce((sum, [, , step]) => sum + step, 0)];
      for (const [i, [replica, heardOf, step]] of given.entries()) {
        own[replica] = (own[replica] ?? 0) + step;
        const counted = whole({ [counterPath('likes', `r${replica}`)]: [at(i + 1), own[replica]] });
        states[replica] = merge(merge(states[replica] as State, counted), states[heardOf] as State);
      }
      expect(readCounter(states.reduce(merge), 'likes' as Path)).toBe(total);
    }),
  );
});
