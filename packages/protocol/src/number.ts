import * as decoding from 'lib0/decoding';

/** @throws Error for a number that a double cannot hold: it would come back as another one. */
export function readUint(decoder: decoding.Decoder): number {
  const value = decoding.readVarUint(decoder);
  if (!Number.isSafeInteger(value)) throw new Error('a number is too large');
  return value;
}

/** A byte in which only the `known` bits may be set. */
export function readFlags(decoder: decoding.Decoder, known: number): number {
  const flags = decoding.readUint8(decoder);
  if (flags === undefined || (flags & ~known) !== 0) throw new Error(`unknown flags ${flags}`);
  return flags;
}
