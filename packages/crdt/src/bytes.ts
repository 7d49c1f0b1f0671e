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

/** The next bytes as text, or undefined when they are cut short or not all ASCII. */
function readAscii(decoder: decoding.Decoder, length: number): string | undefined {
  const { arr, pos } = decoder;
  if (pos + length > arr.length) return undefined;
  const end = pos + length;
  let text = '';
  let i = pos;
  // Four at a time: each step makes another string.
  for (; i + 4 <= end; i += 4) {
    const [a, b, c, d] = [arr[i] as number, arr[i + 1] as number, arr[i + 2] as number, arr[i + 3] as number];
    if ((a | b | c | d) > 127) return undefined;
    text += String.fromCharCode(a, b, c, d);
  }
  for (; i < end; i++) {
    const byte = arr[i] as number;
    if (byte > 127) return undefined;
    text += String.fromCharCode(byte);
  }
  decoder.pos = end;
  return text;
}
