import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { readText, readUint } from './bytes.ts';
import { type Json, MAX_DEPTH } from './json.ts';
import { MalformedError } from './malformed.ts';

const ABSENT = 0;
const NULL = 1;
const FALSE = 2;
const TRUE = 3;
const POSITIVE = 4;
const NEGATIVE = 5;
const FLOAT = 6;
const STRING = 7;
const ARRAY = 8;
const OBJECT = 9;

/** Writes a normalised value, or undefined for "no value". Canonical: equal values give equal bytes. */
export function writeValue(encoder: encoding.Encoder, value: Json | undefined): void {
  switch (typeof value) {
    case 'undefined':
      return encoding.writeUint8(encoder, ABSENT);
    case 'boolean':
      return encoding.writeUint8(encoder, value ? TRUE : FALSE);
    case 'number':
      return writeNumber(encoder, value);
    case 'string':
      encoding.writeUint8(encoder, STRING);
      return encoding.writeVarString(encoder, value);
    case 'object':
      if (value === null) return encoding.writeUint8(encoder, NULL);
      if (Array.isArray(value)) return writeArray(encoder, value);
      return writeObject(encoder, value);
  }
}

function writeNumber(encoder: encoding.Encoder, value: number): void {
  if (!Number.isSafeInteger(value)) {
    encoding.writeUint8(encoder, FLOAT);
    encoding.writeFloat64(encoder, value);
  } else if (value >= 0) {
    encoding.writeUint8(encoder, POSITIVE);
    encoding.writeVarUint(encoder, value);
  } else {
    encoding.writeUint8(encoder, NEGATIVE);
    encoding.writeVarUint(encoder, -value);
  }
}

function writeArray(encoder: encoding.Encoder, array: Json[]): void {
  encoding.writeUint8(encoder, ARRAY);
  encoding.writeVarUint(encoder, array.length);
  for (const item of array) writeValue(encoder, item);
}

function writeObject(encoder: encoding.Encoder, object: { [key: string]: Json }): void {
  const keys = Object.keys(object).sort();
  encoding.writeUint8(encoder, OBJECT);
  encoding.writeVarUint(encoder, keys.length);
  for (const key of keys) {
    encoding.writeVarString(encoder, key);
    writeValue(encoder, object[key]);
  }
}

/** @throws MalformedError when the bytes are no canonical value. */
export function readValue(decoder: decoding.Decoder, depth = 0): Json | undefined {
  if (depth > MAX_DEPTH) throw new MalformedError(`a value is nested deeper than ${MAX_DEPTH} levels`);
  const tag = decoding.readUint8(decoder);
  switch (tag) {
    case ABSENT:
      return undefined;
    case NULL:
      return null;
    case FALSE:
      return false;
    case TRUE:
      return true;
    case POSITIVE:
      return readUint(decoder);
    case NEGATIVE:
      return readNegative(decoder);
    case FLOAT:
      return readFloat(decoder);
    case STRING:
      return readText(decoder);
    case ARRAY:
      return readArray(decoder, depth);
    case OBJECT:
      return readObject(decoder, depth);
    default:
      throw new MalformedError(`a value has the unknown tag ${tag}`);
  }
}

function readNegative(decoder: decoding.Decoder): number {
  const magnitude = readUint(decoder);
  if (magnitude === 0) throw new MalformedError('a value is minus zero');
  return -magnitude;
}

function readFloat(decoder: decoding.Decoder): number {
  const value = decoding.readFloat64(decoder);
  if (!Number.isFinite(value) || Number.isSafeInteger(value))
    throw new MalformedError(`${value} is not sent as a float`);
  return value;
}

function readArray(decoder: decoding.Decoder, depth: number): Json[] {
  const length = readUint(decoder);
  const array: Json[] = [];
  // Grows by what was really read: a length from outside allocates nothing by itself.
  for (let i = 0; i < length; i++) array.push(readPresent(decoder, depth));
  return array;
}

function readObject(decoder: decoding.Decoder, depth: number): { [key: string]: Json } {
  const count = readUint(decoder);
  const object: { [key: string]: Json } = {};
  let last: string | undefined;
  for (let i = 0; i < count; i++) {
    const key = readText(decoder);
    if (key === '__proto__') throw new MalformedError('an object has the key __proto__');
    if (last !== undefined && key <= last) throw new MalformedError('the keys of an object are not sorted');
    last = key;
    object[key] = readPresent(decoder, depth);
  }
  return object;
}

function readPresent(decoder: decoding.Decoder, depth: number): Json {
  const value = readValue(decoder, depth + 1);
  if (value === undefined) throw new MalformedError('an array or object holds an absent value');
  return value;
}

/** A total order of values, by their canonical bytes; absent comes first. Decides between writes with one stamp. */
export function compareValues(a: Json | undefined, b: Json | undefined): number {
  if (a === b) return 0;
  const bytesA = encoding.encode((encoder) => writeValue(encoder, a));
  const bytesB = encoding.encode((encoder) => writeValue(encoder, b));
  const length = Math.min(bytesA.length, bytesB.length);
  for (let i = 0; i < length; i++) {
    const difference = (bytesA[i] ?? 0) - (bytesB[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return bytesA.length - bytesB.length;
}
