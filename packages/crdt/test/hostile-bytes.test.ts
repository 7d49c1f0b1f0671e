import * as encoding from 'lib0/encoding';
import { describe, expect, test } from 'vitest';
import { assembleFields, decodeState, encodeState, MalformedError, merge } from '../src/index.ts';
import { fromHex } from './bytes.ts';

const NODE = '0a61616161616161616161';
/** One stamp: 1 ms, counter 0, the first node. */
const STAMPS = `01 ${NODE} 01 010000`;
/** A state with one register at path `a`; what follows is its value. */
const ONE_REGISTER = `00 ${STAMPS} 01 0161 00`;

describe('[CR40] bytes that break a rule of the format are refused', () => {
  test.each([
    ['nothing', ''],
    ['unknown flags', '04 00 00 00'],
    ['a padded number', '00 8000 00 00'],
    ['a number beyond 2^53', `00 01 ${NODE} 01 ffffffffffffffff7f 0000 01 0161 00 03`],
    ['a number without an end', `00 ${'80'.repeat(400)}01`],
    ['a node of nine characters', '00 01 09616161616161616161 01 010000 01 0161 00 03'],
    ['a node in upper case', '00 01 0a41616161616161616161 01 010000 01 0161 00 03'],
    ['a node that nothing uses', `00 01 ${NODE} 00 00`],
    ['a node twice', `00 02 ${NODE} ${NODE} 02 010000 010001 02 0161 00 03 0162 01 03`],
    ['a stamp that nothing uses', `00 ${STAMPS} 00`],
    ['a stamp twice', `00 01 ${NODE} 02 010000 000000 02 0161 00 03 0162 01 03`],
    ['a counter that is too large', `00 01 ${NODE} 01 01808003 00 01 0161 00 03`],
    ['a node that is not there', `00 01 ${NODE} 01 010001 01 0161 00 03`],
    ['a stamp that is not there', `00 ${STAMPS} 01 0161 01 03`],
    ['paths out of order', `00 ${STAMPS} 02 0162 00 03 0161 00 03`],
    ['a path twice', `00 ${STAMPS} 02 0161 00 03 0161 00 03`],
    ['a path with a lone %', `00 ${STAMPS} 01 0125 00 03`],
    ['a path with an escape in lower case', `00 ${STAMPS} 01 03253265 00 03`],
    ['a path that is no UTF-8', `00 ${STAMPS} 01 01ff 00 03`],
    ['the path __proto__', `00 ${STAMPS} 01 095f5f70726f746f5f5f 00 03`],
    ['a path through __proto__', `00 ${STAMPS} 01 0b612e5f5f70726f746f5f5f 00 03`],
    ['a removed field as old as the generation', `02 ${STAMPS} 00 01 0161 00 00`],
    ['an unknown value tag', `${ONE_REGISTER} 0a`],
    ['minus zero as an integer', `${ONE_REGISTER} 05 00`],
    ['minus zero as a float', `${ONE_REGISTER} 06 8000000000000000`],
    ['NaN', `${ONE_REGISTER} 06 7ff8000000000000`],
    ['infinity', `${ONE_REGISTER} 06 7ff0000000000000`],
    ['an integer as a float', `${ONE_REGISTER} 06 3ff0000000000000`],
    ['an integer beyond 2^53', `${ONE_REGISTER} 04 80808080808080808001`],
    ['a lone surrogate', `${ONE_REGISTER} 07 03eda080`],
    ['an absent value in an array', `${ONE_REGISTER} 08 01 00`],
    ['object keys out of order', `${ONE_REGISTER} 09 02 0162 03 0161 03`],
    ['the key __proto__', `${ONE_REGISTER} 09 01 095f5f70726f746f5f5f 03`],
  ])('%s', (_name, hex) => {
    expect(() => decodeState(fromHex(hex))).toThrow(MalformedError);
  });
});

test('[CR41] a value may nest 64 levels deep and no deeper', () => {
  const nested = (levels: number) => fromHex(`${ONE_REGISTER} ${'0801'.repeat(levels)} 03`);
  expect(decodeState(nested(64)).registers.size).toBe(1);
  expect(() => decodeState(nested(65))).toThrow('deeper than 64');
  expect(() => decodeState(nested(100_000))).toThrow('deeper than 64');
});

test('[CR42] a path may have 64 names and no more', () => {
  const path = (names: number) => {
    const text = Array(names).fill('a').join('.');
    return encoding.encode((encoder) => {
      encoding.writeUint8Array(encoder, fromHex(`00 ${STAMPS} 01`));
      encoding.writeVarString(encoder, text);
      encoding.writeUint8Array(encoder, fromHex('00 03'));
    });
  };
  expect(decodeState(path(64)).registers.size).toBe(1);
  expect(() => decodeState(path(65))).toThrow(MalformedError);
});

describe('[CR43] a count from outside allocates nothing by itself', () => {
  const HUGE = 'ffffffffffff07';
  test.each([
    ['nodes', `00 ${HUGE}`],
    ['stamps', `00 01 ${NODE} ${HUGE}`],
    ['registers', `00 ${STAMPS} ${HUGE}`],
    ['array', `${ONE_REGISTER} 08 ${HUGE}`],
    ['object', `${ONE_REGISTER} 09 ${HUGE}`],
    ['string', `${ONE_REGISTER} 07 ${HUGE}`],
  ])('%s', (_name, hex) => {
    expect(() => decodeState(fromHex(hex))).toThrow(MalformedError);
  });
});

/** 60,000 leaves of one object, each by a node of its own: the worst that fits a row. */
function largestRow(): Uint8Array {
  const count = 60_000;
  const digits = (i: number) => i.toString(36).padStart(10, '0');
  return encoding.encode((encoder) => {
    encoding.writeUint8(encoder, 0);
    encoding.writeVarUint(encoder, count);
    for (let i = 0; i < count; i++) encoding.writeVarString(encoder, digits(i));
    encoding.writeVarUint(encoder, count);
    for (let i = 0; i < count; i++) {
      encoding.writeVarUint(encoder, 1);
      encoding.writeVarUint(encoder, 0);
      encoding.writeVarUint(encoder, i);
    }
    encoding.writeVarUint(encoder, count);
    for (let i = 0; i < count; i++) {
      encoding.writeVarString(encoder, `a.${digits(i)}`);
      encoding.writeVarUint(encoder, i);
      encoding.writeUint8(encoder, 3);
    }
  });
}

// A quadratic step takes a minute here; what there should be takes a fraction of a second.
test('[CR44] work grows with the length of the bytes, not with its square', { timeout: 10_000 }, () => {
  const bytes = largestRow();
  const state = decodeState(bytes);
  expect(encodeState(merge(state, state)).length).toBe(bytes.length);
  expect(Object.keys(assembleFields(state).a ?? {})).toHaveLength(60_000);
});
