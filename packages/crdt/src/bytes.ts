import * as decoding from 'lib0/decoding';
import { MalformedError } from './malformed.ts';

/** Longest text that is read character by character if it is ASCII, which is faster than TextDecoder for short ones. */
const SHORT_TEXT = 24;

/** Refuses what writeVarUint never writes: padded numbers, and those that a double cannot hold. */
export function readUint(decoder: decoding.Decoder): number {
  const start = decoder.pos;
  const first = decoder.arr[start];
  // Nearly all numbers of a state are below 128.
  if (first !== undefined && first < 128) {
    decoder.pos = start + 1;
    return first;
  }
  const value = decoding.readVarUint(decoder);
  const isPadded = decoder.pos - start > 1 && decoder.arr[decoder.pos - 1] === 0;
  if (isPadded || !Number.isSafeInteger(value)) throw new MalformedError('a number is padded or too large');
  return value;
}

/** Always well-formed: bytes that are no UTF-8 are refused. */
export function readText(decoder: decoding.Decoder): string {
  const start = decoder.pos;
  const length = readUint(decoder);
  const ascii = length <= SHORT_TEXT ? readAscii(decoder, length) : undefined;
  if (ascii !== undefined) return ascii;
  decoder.pos = start;
  return decoding.readVarString(decoder);
}

/**
 * Texts that were read before, by a hash of their bytes: the names of fields come again with each row, and one string for
 * all of them spares its making and is quicker to compare. A newer text takes the place of an older one with its hash.
 */
const known: string[] = new Array(1024).fill('');

/** The next bytes as text, or undefined when they are cut short or not all ASCII. */
function readAscii(decoder: decoding.Decoder, length: number): string | undefined {
  const { arr, pos } = decoder;
  const end = pos + length;
  if (end > arr.length) return undefined;
  let hash = length;
  let all = 0;
  for (let i = pos; i < end; i++) {
    const byte = arr[i] as number;
    all |= byte;
    hash = (Math.imul(hash, 31) + byte) | 0;
  }
  if (all > 127) return undefined;
  decoder.pos = end;
  const place = hash & (known.length - 1);
  const before = known[place] as string;
  if (isAt(arr, pos, length, before)) return before;
  const text = toAscii(arr, pos, end);
  known[place] = text;
  return text;
}

function isAt(bytes: Uint8Array, start: number, length: number, text: string): boolean {
  if (text.length !== length) return false;
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}

function toAscii(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  let i = start;
  // Four at a time: each step makes another string.
  for (; i + 4 <= end; i += 4) {
    text += String.fromCharCode(
      bytes[i] as number,
      bytes[i + 1] as number,
      bytes[i + 2] as number,
      bytes[i + 3] as number,
    );
  }
  for (; i < end; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
}
