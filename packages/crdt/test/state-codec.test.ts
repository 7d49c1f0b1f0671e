import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeState,
  decodeStored,
  EMPTY_STATE,
  encodeStampedPaths,
  encodeState,
  MalformedError,
  merge,
  type State,
} from '../src/index.ts';
import { anyStates, paths, stamps, values, wholeStates } from './arbitraries.ts';
import { fromHex, hexOf } from './bytes.ts';
import { checkProperty } from './check-property.ts';
import { at, partial, whole } from './states.ts';

test('[CR30] a state comes back from its bytes', () => {
  checkProperty(
    fc.property(anyStates, (state) => {
      const sorted = new Map([...state.registers].sort(([a], [b]) => (a < b ? -1 : 1)));
      expect(decodeState(encodeState(state))).toEqual({ ...state, registers: sorted });
    }),
    1000,
  );
});

test('[CR31] one state built along different routes has one sequence of bytes', () => {
  const writes = fc.array(fc.record({ path: paths, stamp: stamps, value: values }), { minLength: 1, maxLength: 8 });
  checkProperty(
    fc.property(
      wholeStates,
      writes.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
      (start, [inOrder, shuffled]) => {
        const toDelta = ({ path, stamp, value }: (typeof inOrder)[number]) => partial({ [path]: [stamp, value] });
        const oneByOne = inOrder.map(toDelta).reduce(merge, start);
        const backwards = merge(shuffled.map(toDelta).reduce(merge), start);
        expect(hexOf(backwards)).toBe(hexOf(oneByOne));
      },
    ),
  );
});

test("[CR32] the order of an object's keys does not show in the bytes", () => {
  const state = (value: { [key: string]: number }) => whole({ a: [at(1), value] });
  expect(hexOf(state({ x: 1, y: 2 }))).toBe(hexOf(state({ y: 2, x: 1 })));
});

test('[CR33] different states have different bytes', () => {
  const states: State[] = [
    EMPTY_STATE,
    partial({}),
    whole({}, at(1)),
    whole({ a: [at(1), undefined] }),
    whole({ a: [at(1), null] }),
    whole({ a: [at(1), ''] }),
    whole({ a: [at(1), []] }),
    whole({ a: [at(1), {}] }),
    whole({ a: [at(1), 0] }),
    whole({ a: [at(1), false] }),
    whole({ a: [at(2), 0] }),
    whole({ a: [at(1, 'bbbbbbbbbb'), 0] }),
    whole({ b: [at(1), 0] }),
  ];
  expect(new Set(states.map(hexOf)).size).toBe(states.length);
});

test('[CR38] stamped paths have the bytes of the state that they stand for', () => {
  checkProperty(
    fc.property(wholeStates, (state) => {
      const paths = [...state.registers.keys()].sort();
      const byStamp = Map.groupBy(paths, (path) => state.registers.get(path)?.stamp ?? state.generation);
      const groups = [...byStamp].sort(([a], [b]) => (a < b ? -1 : 1)).map(([stamp, its]) => [stamp, ...its] as const);
      const { generation, rich } = state;
      const bytes = encodeStampedPaths(
        { stamps: groups, generation, rich },
        (path) => state.registers.get(path)?.value,
      );
      expect(Buffer.from(bytes).toString('hex')).toBe(hexOf(state));
    }),
    1000,
  );
});

describe('[CR34] the bytes of sample states never change', () => {
  test.each<[string, State, string]>([
    ['empty', EMPTY_STATE, '00 00 00 00'],
    ['delta', partial({ a: [at(1), 'x'] }), '01 01 0a61616161616161616161 01 010000 01 0161 00 07 0178'],
    ['generation', whole({}, at(300)), '02 01 0a61616161616161616161 01 ac020000 00 00'],
    [
      'two nodes',
      whole({ n: [at(2, 'bbbbbbbbbb'), { k: [-1, null, 0.5] }], d: [at(1), undefined] }),
      '00 02 0a61616161616161616161 0a62626262626262626262 02 010000 010001 02 0164 00 00 016e 01 ' +
        '09 01 016b 08 03 05 01 01 06 3fe0000000000000',
    ],
  ])('%s', (_name, state, hex) => {
    expect(hexOf(state)).toBe(hex.replaceAll(' ', ''));
    expect(decodeState(fromHex(hex))).toEqual(state);
  });
});

/** The state that the bytes stand for; undefined when they are refused in the one way that is allowed. */
function decodeOrRefuse(bytes: Uint8Array, decode = decodeState): State | undefined {
  try {
    return decode(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedError);
    return undefined;
  }
}

test('[CR35] random bytes are refused with MalformedError, or are canonical', () => {
  checkProperty(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      const state = decodeOrRefuse(bytes);
      if (state) expect(encodeState(state)).toEqual(bytes);
    }),
    3000,
  );
});

const byteValues = fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0, 127, 128, 255));
const changes = fc.array(fc.tuple(fc.nat(), byteValues), { minLength: 1, maxLength: 3 });
const mutatedBytes = fc.tuple(anyStates, changes).map(([state, changes]) => {
  const bytes = encodeState(state);
  for (const [position, byte] of changes) bytes[position % bytes.length] = byte;
  return bytes;
});

test('[CR36] mutated bytes are refused with MalformedError, or are canonical', () => {
  checkProperty(
    fc.property(mutatedBytes, (bytes) => {
      const decoded = decodeOrRefuse(bytes);
      if (decoded) expect(encodeState(decoded)).toEqual(bytes);
    }),
    3000,
  );
});

test('[CR160] of stored bytes only the Yjs state is trusted', () => {
  checkProperty(
    fc.property(fc.oneof(anyStates.map(encodeState), mutatedBytes), (bytes) => {
      const stored = decodeOrRefuse(bytes, decodeStored);
      const checked = decodeOrRefuse(bytes);
      if (checked !== undefined || stored?.rich === undefined) expect(stored).toEqual(checked);
      else expect(encodeState(stored)).toEqual(bytes);
    }),
    3000,
  );
});

test('[CR37] bytes cut short, or with more behind them, are refused', () => {
  checkProperty(
    fc.property(anyStates, fc.nat(), (state, cut) => {
      const bytes = encodeState(state);
      expect(() => decodeState(bytes.subarray(0, cut % bytes.length))).toThrow(MalformedError);
      expect(() => decodeState(new Uint8Array([...bytes, 0]))).toThrow(MalformedError);
    }),
  );
});
