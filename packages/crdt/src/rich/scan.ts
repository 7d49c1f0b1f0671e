import * as decoding from 'lib0/decoding';
import { readText, readUint } from '../bytes.ts';
import { normalize } from '../json.ts';
import { MalformedError } from '../malformed.ts';

/** Structs of one document's Yjs state. Bounds what loading a state from outside can cost. */
export const MAX_STRUCTS = 10_000;

/** Content of a Yjs struct, by the low five bits of its info byte. */
const DELETED = 1;
const STRING = 4;
const ANY = 8;

const HAS_ORIGIN = 128;
const HAS_RIGHT_ORIGIN = 64;
const HAS_KEY = 32;

/**
 * Walks over a Yjs update (V1) before Yjs sees it: Yjs allocates as many structs as a count says, and takes content
 * that has no place here. Admitted is what text, lists and sets are made of: characters, JSON values, deleted things.
 *
 * @throws MalformedError
 */
export function scanUpdate(update: Uint8Array): void {
  const decoder = decoding.createDecoder(update);
  let left = MAX_STRUCTS;
  for (let clients = readUint(decoder); clients > 0; clients--) {
    const structs = readUint(decoder);
    if (structs > left) throw new MalformedError(`a Yjs state has more than ${MAX_STRUCTS} structs`);
    left -= structs;
    readUint(decoder);
    readUint(decoder);
    for (let i = 0; i < structs; i++) scanStruct(decoder);
  }
  scanDeletions(decoder);
  if (decoding.hasContent(decoder)) throw new MalformedError('a Yjs state has bytes after its end');
}

function scanStruct(decoder: decoding.Decoder): void {
  const info = decoding.readUint8(decoder);
  if (info & HAS_ORIGIN) scanId(decoder);
  if (info & HAS_RIGHT_ORIGIN) scanId(decoder);
  if ((info & (HAS_ORIGIN | HAS_RIGHT_ORIGIN)) === 0) {
    // Only fields have content, there is nothing within their content.
    if (readUint(decoder) !== 1) throw new MalformedError('a Yjs struct lies within another');
    readText(decoder);
    if (info & HAS_KEY) readText(decoder);
  }
  scanContent(decoder, info & 31);
}

function scanId(decoder: decoding.Decoder): void {
  readUint(decoder);
  readUint(decoder);
}

function scanContent(decoder: decoding.Decoder, kind: number): void {
  switch (kind) {
    case DELETED:
      return requireLength(readUint(decoder));
    case STRING:
      return requireLength(readText(decoder).length);
    case ANY: {
      const length = readUint(decoder);
      requireLength(length);
      for (let i = 0; i < length; i++) scanItem(decoder);
      return;
    }
    default:
      throw new MalformedError(`a Yjs struct has content of the kind ${kind}, which no field has`);
  }
}

function requireLength(length: number): void {
  if (length === 0) throw new MalformedError('a Yjs struct is empty');
}

function scanItem(decoder: decoding.Decoder): void {
  const value: unknown = decoding.readAny(decoder);
  if (value === undefined || !Object.is(normalize(value), value)) throw new MalformedError('an item is no JSON value');
}

function scanDeletions(decoder: decoding.Decoder): void {
  let left = MAX_STRUCTS;
  for (let clients = readUint(decoder); clients > 0; clients--) {
    readUint(decoder);
    const ranges = readUint(decoder);
    if (ranges > left) throw new MalformedError(`a Yjs state has more than ${MAX_STRUCTS} ranges of deletions`);
    left -= ranges;
    for (let i = 0; i < ranges; i++) {
      readUint(decoder);
      requireLength(readUint(decoder));
    }
  }
}
