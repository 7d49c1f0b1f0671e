import type * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { readUint } from './number.ts';

export function writeList<T>(
  encoder: encoding.Encoder,
  items: readonly T[],
  write: (encoder: encoding.Encoder, item: T) => void,
): void {
  encoding.writeVarUint(encoder, items.length);
  for (const item of items) write(encoder, item);
}

/** Grows by what is really there: a count from outside allocates nothing by itself. */
export function readList<T>(decoder: decoding.Decoder, read: (decoder: decoding.Decoder) => T): T[] {
  const items: T[] = [];
  for (let left = readUint(decoder); left > 0; left--) items.push(read(decoder));
  return items;
}
