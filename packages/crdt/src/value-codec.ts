import * as decoding from 'lib0/decoding';
import { type ByteWriter, beginBytes } from './byte-writer.ts';
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
export function writeValue(writer: ByteWriter, value: Json | undefined): void {
  switch (typeof value) {
    case 'undefined':
      return writer.uint8(ABSENT);
    case 'boolean':
      return writer.uint8(value ? TRUE : FALSE);
    case 'number':
      return writeNumber(writer, value);
    case 'string':
      writer.uint8(STRING);
      return writer.text(value);
    case 'object':
      if (value === null) return writer.uint8(NULL);
      if (Array.isArray(value)) return writeArray(writer, value);
      return writeObject(writer, value);
  }
}

function writeNumber(writer: ByteWriter, value: number): void {
  if (!Number.isSafeInteger(value)) {
    writer.uint8(FLOAT);
    writer.float64(value);
  } else if (value >= 0) {
    writer.uint8(POSITIVE);
    writer.uint(value);
  } else {
    writer.uint8(NEGATIVE);
    writer.uint(-value);
  }
}

function writeArray(writer: ByteWriter, array: Json[]): void {
  writer.uint8(ARRAY);
  writer.uint(array.length);
  for (let i = 0; i < array.length; i++) writeValue(writer, array[i]);
}

function writeObject(writer: ByteWriter, object: { [key: string]: Json }): void {
  const keys = Object.keys(object).sort();
  writer.uint8(OBJECT);
  writer.uint(keys.length);
  for (const key of keys) {
    writer.text(key);
    writeValue(writer, object[key]);
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
  const bytesA = bytesOf(a);
  const bytesB = bytesOf(b);
  const length = Math.min(bytesA.length, bytesB.length);
  for (let i = 0; i < length; i++) {
    const difference = (bytesA[i] ?? 0) - (bytesB[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return bytesA.length - bytesB.length;
}

function bytesOf(value: Json | undefined): Uint8Array {
  const writer = beginBytes();
  writeValue(writer, value);
  return writer.end();
}
