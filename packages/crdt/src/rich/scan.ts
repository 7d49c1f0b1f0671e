import * as decoding from 'lib0/decoding';
import { readText, readUint } from '../bytes.ts';
import { normalize } from '../json.ts';
import { MalformedError } from '../malformed.ts';

/**
 * Structs of one document's Yjs state. Bounds what loading a state from outside can cost; a paper of 105,000 letters, typed in
 * 260,000 strokes, has 11,300.
 */
export const MAX_STRUCTS = 30_000;

/** Yjs draws client ids of 32 bits. What lies above is nobody's. */
export const MAX_CLIENT_ID = 0xffffffff;

/** Content of a Yjs struct, by the low five bits of its info byte. */
export const Content = {
  /** Not even what it was is known any more. */
  collected: 0,
  deleted: 1,
  json: 2,
  binary: 3,
  string: 4,
  embed: 5,
  format: 6,
  type: 7,
  any: 8,
  /** No struct: some that are left out here. */
  skip: 10,
} as const;

/** What an update may hold. */
export interface UpdateRules {
  readonly maxStructs: number;
  /**
   * False: what rows hold, that is what text, lists and sets are made of: characters, JSON values, deleted things. True:
   * whatever Yjs has, but for documents within the document.
   */
  readonly isWide: boolean;
}

export interface StructId {
  readonly client: number;
  readonly clock: number;
}

/** One struct of an update, as far as it says where it belongs. */
export interface ScannedStruct extends StructId {
  readonly length: number;
  /** One of {@link Content}. */
  readonly content: number;
  readonly origin: StructId | undefined;
  readonly rightOrigin: StructId | undefined;
  /** What it lies in: the name of a root type, or another struct. Undefined: the same as what it names as its origin. */
  readonly parent: string | StructId | undefined;
  readonly key: string | undefined;
}

export interface UpdateVisitor {
  struct(struct: ScannedStruct): void;
  deletion(client: number, clock: number, length: number): void;
}

const HAS_ORIGIN = 128;
const HAS_RIGHT_ORIGIN = 64;
const HAS_KEY = 32;

/** Levels of a value within a value. */
const MAX_LEVELS = 64;

/** Array, map, text, XML element, fragment, hook, XML text. */
const TYPE_KINDS = 7;
const XML_ELEMENT = 3;
const XML_HOOK = 5;

const ROW_RULES: UpdateRules = { maxStructs: MAX_STRUCTS, isWide: false };

/**
 * Walks over a Yjs update (V1) before Yjs sees it: Yjs allocates as many structs as a count says, and takes content
 * that has no place here. By default admitted is what rows hold.
 *
 * @throws MalformedError, or what lib0 throws at bytes that end too early.
 */
export function scanUpdate(update: Uint8Array, visitor?: UpdateVisitor, rules: UpdateRules = ROW_RULES): void {
  const decoder = decoding.createDecoder(update);
  const clients = new Set<number>();
  let left = rules.maxStructs;
  for (let blocks = readUint(decoder); blocks > 0; blocks--) {
    const structs = readUint(decoder);
    if (structs > left) throw new MalformedError(`a Yjs state has more than ${rules.maxStructs} structs`);
    left -= structs;
    const client = readUint(decoder);
    if (client > MAX_CLIENT_ID) throw new MalformedError('a Yjs state has a client id of more than 32 bits');
    if (clients.has(client)) throw new MalformedError('a Yjs state has the structs of a client in two places');
    clients.add(client);
    let clock = readUint(decoder);
    for (let i = 0; i < structs; i++) clock += scanStruct(decoder, { client, clock }, visitor, rules);
    if (!Number.isSafeInteger(clock)) throw new MalformedError('a Yjs state has clocks that are too large');
  }
  scanDeletions(decoder, visitor, rules);
  if (decoding.hasContent(decoder)) throw new MalformedError('a Yjs state has bytes after its end');
}

/** Answers the struct's length. */
function scanStruct(
  decoder: decoding.Decoder,
  id: StructId,
  visitor: UpdateVisitor | undefined,
  { isWide }: UpdateRules,
): number {
  const info = decoding.readUint8(decoder);
  const content = info & 31;
  if (isWide && (content === Content.collected || content === Content.skip)) {
    const length = requireLength(readUint(decoder));
    visitor?.struct({ ...id, length, content, ...NOWHERE });
    return length;
  }
  const origin = info & HAS_ORIGIN ? readId(decoder) : undefined;
  const rightOrigin = info & HAS_RIGHT_ORIGIN ? readId(decoder) : undefined;
  let parent: string | StructId | undefined;
  let key: string | undefined;
  if (origin === undefined && rightOrigin === undefined) {
    parent = readParent(decoder, isWide);
    if (info & HAS_KEY) key = readText(decoder);
  }
  const length = isWide ? scanWide(decoder, content) : scanNarrow(decoder, content);
  visitor?.struct({ ...id, length, content, origin, rightOrigin, parent, key });
  return length;
}

const NOWHERE = { origin: undefined, rightOrigin: undefined, parent: undefined, key: undefined };

function readId(decoder: decoding.Decoder): StructId {
  return { client: readUint(decoder), clock: readUint(decoder) };
}

function readParent(decoder: decoding.Decoder, isWide: boolean): string | StructId {
  const isRoot = readUint(decoder) === 1;
  if (isRoot) return readText(decoder);
  // Only fields have content, there is nothing within their content.
  if (!isWide) throw new MalformedError('a Yjs struct lies within another');
  return readId(decoder);
}

function scanNarrow(decoder: decoding.Decoder, content: number): number {
  switch (content) {
    case Content.deleted:
      return requireLength(readUint(decoder));
    case Content.string:
      return requireLength(readText(decoder).length);
    case Content.any: {
      const length = requireLength(readUint(decoder));
      for (let i = 0; i < length; i++) scanItem(decoder);
      return length;
    }
    default:
      throw new MalformedError(`a Yjs struct has content of the kind ${content}, which no field has`);
  }
}

function scanWide(decoder: decoding.Decoder, content: number): number {
  switch (content) {
    case Content.deleted:
      return requireLength(readUint(decoder));
    case Content.string:
      return requireLength(readText(decoder).length);
    case Content.any: {
      const length = requireLength(readUint(decoder));
      for (let i = 0; i < length; i++) requirePlain(decoding.readAny(decoder), MAX_LEVELS);
      return length;
    }
    case Content.json: {
      const length = requireLength(readUint(decoder));
      for (let i = 0; i < length; i++) scanJson(decoder);
      return length;
    }
    case Content.binary:
      decoding.readVarUint8Array(decoder);
      return 1;
    case Content.embed:
      scanJson(decoder);
      return 1;
    case Content.format:
      readText(decoder);
      scanJson(decoder);
      return 1;
    case Content.type:
      scanType(decoder);
      return 1;
    default:
      throw new MalformedError(`a Yjs struct has content of the kind ${content}, which has no place here`);
  }
}

function scanType(decoder: decoding.Decoder): void {
  const kind = readUint(decoder);
  if (kind >= TYPE_KINDS) throw new MalformedError(`a Yjs struct has a type of the unknown kind ${kind}`);
  if (kind === XML_ELEMENT || kind === XML_HOOK) readText(decoder);
}

function scanJson(decoder: decoding.Decoder): void {
  const text = readText(decoder);
  if (text !== 'undefined') requirePlain(JSON.parse(text), MAX_LEVELS);
}

function requireLength(length: number): number {
  if (length === 0) throw new MalformedError('a Yjs struct is empty');
  return length;
}

function scanItem(decoder: decoding.Decoder): void {
  const value: unknown = decoding.readAny(decoder);
  if (value === undefined || !Object.is(normalize(value), value)) throw new MalformedError('an item is no JSON value');
}

/** Whatever lib0 reads, but for what a name `__proto__` makes of an object, and for what is nested beyond use. */
function requirePlain(value: unknown, levels: number): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
  if (levels === 0) throw new MalformedError(`a value is nested deeper than ${MAX_LEVELS} levels`);
  if (Array.isArray(value)) {
    for (const item of value) requirePlain(item, levels - 1);
    return;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype || Object.hasOwn(value, '__proto__')) {
    throw new MalformedError('a value has a key __proto__');
  }
  for (const item of Object.values(value)) requirePlain(item, levels - 1);
}

function scanDeletions(
  decoder: decoding.Decoder,
  visitor: UpdateVisitor | undefined,
  { maxStructs }: UpdateRules,
): void {
  let left = maxStructs;
  for (let clients = readUint(decoder); clients > 0; clients--) {
    const client = readUint(decoder);
    const ranges = readUint(decoder);
    if (ranges > left) throw new MalformedError(`a Yjs state has more than ${maxStructs} ranges of deletions`);
    left -= ranges;
    for (let i = 0; i < ranges; i++) {
      const clock = readUint(decoder);
      const length = requireLength(readUint(decoder));
      visitor?.deletion(client, clock, length);
    }
  }
}
