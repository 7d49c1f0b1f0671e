import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  assembleFields,
  DELETED,
  isDeleted,
  MissingBaseError,
  merge,
  type Path,
  pick,
  type State,
  shrinkTombstone,
} from '../src/index.ts';
import { anyStates, stamps, wholeStates } from './arbitraries.ts';
import { hexOf } from './bytes.ts';
import { checkProperty } from './check-property.ts';
import { createChance, playRichHistory } from './rich-history.ts';
import { at, partial, whole } from './states.ts';

/** Whole states that end with a deletion, or were edited after it by somebody who had not heard of it. */
const tombstones: fc.Arbitrary<State> = fc
  .tuple(wholeStates, stamps)
  .filter(([{ generation }, stamp]) => stamp >= generation)
  .map(([state, stamp]) => withDeletion(state, stamp));

/** What may come later: nobody undeletes a document by its register. */
const arrivals: fc.Arbitrary<State> = anyStates.map((state) => {
  const deletion = state.registers.get(DELETED);
  return deletion === undefined ? state : withDeletion(state, deletion.stamp);
});

function withDeletion(state: State, stamp: State['generation']): State {
  return { ...state, registers: new Map(state.registers).set(DELETED, { stamp, value: true }) };
}

function deletionOf(state: State): State['generation'] {
  const deletion = state.registers.get(DELETED);
  if (deletion === undefined) throw new Error('the state is no tombstone');
  return deletion.stamp;
}

const fields = { title: [at(1), 'Pier 7'], place: [at(2), 'Oslo'] } as const;
const tombstone = whole({ ...fields, [DELETED]: [at(5), true] });

describe('the stub', () => {
  test('[CR150] of a tombstone the deletion stays, which is the generation too, and what is later', () => {
    checkProperty(
      fc.property(tombstones, (state) => {
        const stamp = deletionOf(state);
        const stub = shrinkTombstone(state);
        expect([stub.generation, stub.rich]).toEqual([stamp, undefined]);
        const kept = [...state.registers].filter(([path, register]) => path === DELETED || register.stamp > stamp);
        expect(stub.registers).toEqual(new Map(kept));
      }),
    );
  });

  test('[CR150] content goes, and what was written before', () => {
    const { snapshots } = playRichHistory(createChance(1), 10);
    const rich = snapshots.at(-1);
    const full = { ...whole({ ...fields, [DELETED]: [at(5), true], title: [at(8), 'late'] }), ...(rich && { rich }) };
    expect(rich?.length).toBeGreaterThan(0);
    expect(shrinkTombstone(full)).toEqual(whole({ [DELETED]: [at(5), true], title: [at(8), 'late'] }, at(5)));
  });

  test('[CR150] what is no tombstone comes back as it is, and so does a delta', () => {
    const alive = whole({ ...fields, [DELETED]: [at(5), undefined] });
    const delta = partial({ [DELETED]: [at(5), true] });
    expect(shrinkTombstone(alive)).toBe(alive);
    expect(shrinkTombstone(delta)).toBe(delta);
  });

  test('[CR151] shrinking twice is shrinking once', () => {
    checkProperty(
      fc.property(tombstones, (state) => {
        const stub = shrinkTombstone(state);
        expect(hexOf(shrinkTombstone(stub))).toBe(hexOf(stub));
      }),
    );
  });
});

describe('what arrives later', () => {
  test('[CR152] merges with the stub to what it merges to with the tombstone, as far as that can be seen', () => {
    checkProperty(
      fc.property(tombstones, arrivals, (state, arrival) => {
        const [onStub, onTombstone] = [attempt(shrinkTombstone(state), arrival), attempt(state, arrival)];
        fc.pre(onStub !== undefined && onTombstone !== undefined);
        expect(seen(onStub)).toBe(seen(onTombstone));
      }),
      2_000,
    );
  });

  test('[CR152] an older edit and the whole tombstone change nothing that can be seen', () => {
    const stub = shrinkTombstone(tombstone);
    expect(merge(stub, tombstone)).toEqual(stub);
    expect(merge(stub, whole({ title: [at(4), 'older'] }))).toEqual(stub);
    expect(merge(stub, partial({ title: [at(4), 'older'] }))).toEqual(stub);
    const late = merge(stub, partial({ title: [at(6), 'late'] }));
    expect([isDeleted(late), assembleFields(late)]).toEqual([true, { title: 'late' }]);
    expect(shrinkTombstone(late)).toEqual(late);
  });

  test('[CR152] an insert over the tombstone revives the stub; a delta of the revived document needs it whole', () => {
    const stub = shrinkTombstone(tombstone);
    const revived = whole({ title: [at(6), 'again'] }, at(6));
    expect(merge(stub, revived)).toEqual(revived);
    expect(merge(tombstone, revived)).toEqual(revived);
    const edited = whole({ title: [at(7), 'edited'] }, at(6));
    expect(() => merge(stub, pick(edited, ['title' as Path]))).toThrow(MissingBaseError);
  });

  test('[CR152] an edit later than the deletion survives a revival that is older than the edit', () => {
    const edited = merge(tombstone, partial({ place: [at(8), 'Bergen'] }));
    const revived = whole({ title: [at(6), 'again'] }, at(6));
    expect(assembleFields(merge(edited, revived))).toEqual({ title: 'again', place: 'Bergen' });
    expect(merge(shrinkTombstone(edited), revived)).toEqual(merge(edited, revived));
  });
});

function attempt(a: State, b: State): State | undefined {
  try {
    return merge(a, b);
  } catch (error) {
    if (error instanceof MissingBaseError) return undefined;
    throw error;
  }
}

/** All of a document that is there; of one that is deleted, what is left of it in the end. */
function seen(state: State): string {
  return hexOf(shrinkTombstone(state));
}
