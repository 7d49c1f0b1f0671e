import {
  createClock,
  formatStamp,
  GENERATION,
  NO_STAMP,
  type Path,
  type Stamp,
  type State,
  toPath,
} from '@breakwater/crdt';
import { describe, expect, it } from 'vitest';
import { restamp } from '../src/storage/restamp.ts';

const HOUR_MS = 3_600_000;
const NOW = 1_700_000_000_000;
const stampAt = (ms: number) => formatStamp({ ms, counter: 0, node: 'otherother' });
const [title, body] = [toPath(['title']), toPath(['body'])];

function stateOf(registers: [Path, number, string][], generation = NO_STAMP): State {
  return {
    generation,
    registers: new Map(registers.map(([path, ms, value]) => [path, { stamp: stampAt(ms), value }])),
    partial: false,
  };
}

function restampNow(state: State, pending: Path[], server: Stamp = NO_STAMP) {
  const after = restamp(state, new Set(pending), { clock: createClock({ now: () => NOW }), after: server });
  if (after === undefined) throw new Error('nothing was ahead');
  return after;
}

describe('stamping anew', () => {
  it('[TI2] only what is pending and ahead gets a stamp of now; values stay', () => {
    const state = stateOf([
      [title, NOW - 5, 'Hull'],
      [body, NOW + HOUR_MS, 'from the future'],
    ]);
    const after = restampNow(state, [title, body]);
    expect(after.registers.get(title)).toEqual(state.registers.get(title));
    expect(after.registers.get(body)?.value).toBe('from the future');
    expect(after.registers.get(body)?.stamp.slice(0, 9)).toBe(stampAt(NOW).slice(0, 9));
  });

  it('[TI2] a pending edit stays after what it edits', () => {
    const state = stateOf([
      [title, NOW + 60_000, 'theirs, a minute ahead'],
      [body, NOW + HOUR_MS, 'mine'],
    ]);
    const after = restampNow(state, [body]);
    expect((after.registers.get(body)?.stamp ?? '') > stampAt(NOW + 60_000)).toBe(true);
  });

  it('[TI2] the new stamp comes after what the server holds, which the one that was ahead had won over here', () => {
    const state = stateOf([[title, NOW + HOUR_MS, 'mine']]);
    const after = restampNow(state, [title], stampAt(NOW + 60_000));
    expect((after.registers.get(title)?.stamp ?? '') > stampAt(NOW + 60_000)).toBe(true);
  });

  it('[TI2] a pending revival is a revival still, and what others wrote into it moves along', () => {
    const state = stateOf(
      [
        [title, NOW + HOUR_MS, 'Keel'],
        [body, NOW + HOUR_MS + 5, 'theirs'],
      ],
      stampAt(NOW + HOUR_MS),
    );
    const after = restampNow(state, [GENERATION, title]);
    expect(after.generation).toBe(after.registers.get(title)?.stamp);
    expect(after.generation < stampAt(NOW + 1_000)).toBe(true);
    expect(after.registers.get(body)?.value).toBe('theirs');
  });

  it('[TI2] a revival that is not ahead keeps its stamp', () => {
    const state = stateOf([[body, NOW + HOUR_MS, 'later']], stampAt(NOW - 5));
    expect(restampNow(state, [GENERATION, body]).generation).toBe(stampAt(NOW - 5));
  });

  it('[TI4] without anything ahead there is nothing to stamp: the clock itself must be compared again', () => {
    expect(
      restamp(stateOf([[title, NOW - 5, 'Hull']]), new Set([title]), {
        clock: createClock({ now: () => NOW }),
        after: NO_STAMP,
      }),
    ).toBeUndefined();
  });
});
