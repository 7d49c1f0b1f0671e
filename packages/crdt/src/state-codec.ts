import * as decoding from 'lib0/decoding';
import { type ByteWriter, beginBytes } from './byte-writer.ts';
import { readText, readUint } from './bytes.ts';
import type { Json } from './json.ts';
import { MalformedError } from './malformed.ts';
import { isPath, type Path } from './path.ts';
import { checkRich } from './rich/merge-rich.ts';
import type { Rich } from './rich/rich-doc.ts';
import { sorted } from './sorted.ts';
import { formatTime, isNode, NO_STAMP, parseStamp, type Stamp } from './stamp.ts';
import type { Register, State } from './state.ts';
import { readValue, writeValue } from './value-codec.ts';

/*
 * state    = flags nodes stamps [generation] registers [rich]
 * flags    = uint8: 1 delta · 2 has a generation · 4 has a Yjs state · the others 0
 * nodes    = count, each a string of 10 characters, sorted
 * stamps   = count, each: ms (the first absolute, then the distance to the one before), counter, index of node; sorted
 * generation = index of stamp
 * registers  = count, each: path, index of stamp, value; sorted by path
 * rich       = length, a Yjs update (V1)
 *
 * Every count, index and number is a lib0 varUint. Canonical: one state, one sequence of bytes. What is unsorted, padded
 * or unused does not decode.
 */
const PARTIAL = 1;
const HAS_GENERATION = 2;
const HAS_RICH = 4;
const KNOWN_FLAGS = PARTIAL | HAS_GENERATION | HAS_RICH;

export function encodeState(state: State): Uint8Array {
  const writer = beginBytes();
  writer.uint8(flagsOf(state));
  const places = placesOf(state);
  writeStamps(writer, assignPlaces(places));
  if (state.generation !== NO_STAMP) writer.uint(places.get(state.generation) as number);
  const paths = sorted([...state.registers.keys()]);
  writer.uint(paths.length);
  for (const path of paths) {
    const { stamp, value } = state.registers.get(path) as Register;
    writer.text(path);
    writer.uint(places.get(stamp) as number);
    writeValue(writer, value);
  }
  if (state.rich !== undefined) writer.bytes(state.rich);
  return writer.end();
}

/** A whole state but for its values, as a document keeps it: each stamp, then the paths written with it. All sorted. */
export interface StampedPaths {
  readonly stamps: readonly (readonly [Stamp, ...Path[]])[];
  readonly generation: Stamp;
  readonly rich: Rich | undefined;
}

/** The same bytes as those of the state, without making it. */
export function encodeStampedPaths(
  { stamps, generation, rich }: StampedPaths,
  getValue: (path: Path) => Json | undefined,
): Uint8Array {
  const writer = beginBytes();
  writer.uint8(flagsOf({ generation, rich, partial: false }));
  const [only] = stamps;
  if (only !== undefined && stamps.length === 1 && generation === NO_STAMP) writeOneGroup(writer, only, getValue);
  else writeGroups(writer, { stamps, generation }, getValue);
  if (rich !== undefined) writer.bytes(rich);
  return writer.end();
}

/** Of a document that was written once. */
function writeOneGroup(
  writer: ByteWriter,
  group: readonly [Stamp, ...Path[]],
  getValue: (path: Path) => Json | undefined,
): void {
  const { ms, counter, node } = parseStamp(group[0]);
  writer.uint(1);
  writer.text(node);
  writer.uint(1);
  writer.uint(ms);
  writer.uint(counter);
  writer.uint(0);
  writer.uint(group.length - 1);
  for (let i = 1; i < group.length; i++) {
    const path = group[i] as Path;
    writer.text(path);
    writer.uint(0);
    writeValue(writer, getValue(path));
  }
}

function writeGroups(
  writer: ByteWriter,
  { stamps, generation }: Pick<StampedPaths, 'stamps' | 'generation'>,
  getValue: (path: Path) => Json | undefined,
): void {
  // Nothing that is listed is older than the generation.
  const isApart = generation !== NO_STAMP && stamps[0]?.[0] !== generation;
  const own = stamps.map(([stamp]) => stamp);
  writeStamps(writer, isApart ? [generation, ...own] : own);
  if (generation !== NO_STAMP) writer.uint(0);
  const places = new Map<Path, number>();
  stamps.forEach((group, i) => {
    for (let j = 1; j < group.length; j++) places.set(group[j] as Path, isApart ? i + 1 : i);
  });
  const paths = sorted([...places.keys()]);
  writer.uint(paths.length);
  for (const path of paths) {
    writer.text(path);
    writer.uint(places.get(path) as number);
    writeValue(writer, getValue(path));
  }
}

function flagsOf({ partial, generation, rich }: Pick<State, 'partial' | 'generation' | 'rich'>): number {
  const hasGeneration = generation === NO_STAMP ? 0 : HAS_GENERATION;
  return (partial ? PARTIAL : 0) | hasGeneration | (rich === undefined ? 0 : HAS_RICH);
}

function placesOf({ generation, registers }: State): Map<Stamp, number> {
  const places = new Map<Stamp, number>();
  if (generation !== NO_STAMP) places.set(generation, 0);
  for (const { stamp } of registers.values()) places.set(stamp, 0);
  return places;
}

function writeStamps(writer: ByteWriter, stamps: readonly Stamp[]): void {
  const parts = stamps.map(parseStamp);
  const nodePlaces = new Map<string, number>();
  for (const { node } of parts) nodePlaces.set(node, 0);
  writer.uint(nodePlaces.size);
  for (const node of assignPlaces(nodePlaces)) writer.text(node);
  writer.uint(parts.length);
  let lastMs = 0;
  for (const { ms, counter, node } of parts) {
    writer.uint(ms - lastMs);
    writer.uint(counter);
    writer.uint(nodePlaces.get(node) as number);
    lastMs = ms;
  }
}

/** Gives each key the place that it has among all of them sorted, and answers them so. */
function assignPlaces<T extends string>(places: Map<T, number>): T[] {
  const keys = sorted([...places.keys()]);
  for (let i = 0; i < keys.length; i++) places.set(keys[i] as T, i);
  return keys;
}

/** @throws MalformedError when the bytes are no state, or one whose registers break the rules that merging relies on. */
export function decodeState(bytes: Uint8Array): State {
  return decode(bytes, checkRich);
}

/**
 * A state that was checked before it was stored: decoded from outside, or merged of such states and encoded. Its Yjs
 * state is not looked into again, which is most of what decoding costs.
 *
 * @throws MalformedError when the bytes are no state for another reason.
 */
export function decodeStored(bytes: Uint8Array): State {
  return decode(bytes, () => {});
}

function decode(bytes: Uint8Array, check: typeof checkRich): State {
  try {
    return read(decoding.createDecoder(bytes), check);
  } catch (error) {
    if (error instanceof MalformedError) throw error;
    throw new MalformedError(`the state is cut short or damaged: ${error instanceof Error ? error.message : error}`);
  }
}

function read(decoder: decoding.Decoder, check: typeof checkRich): State {
  const flags = decoding.readUint8(decoder);
  if ((flags & ~KNOWN_FLAGS) !== 0) throw new MalformedError(`the state has unknown flags ${flags}`);
  const stamps = readStamps(decoder);
  const generation = flags & HAS_GENERATION ? stamps.at(readUint(decoder)) : NO_STAMP;
  const registers = readRegisters(decoder, stamps, generation);
  stamps.requireAllUsed();
  const partial = (flags & PARTIAL) !== 0;
  const rich = flags & HAS_RICH ? readRich(decoder) : undefined;
  if (decoding.hasContent(decoder)) throw new MalformedError('the state has bytes after its end');
  if (rich === undefined) return { generation, registers, partial };
  check(rich, partial);
  return { generation, registers, partial, rich };
}

function readRich(decoder: decoding.Decoder): Rich {
  // A copy: the state must not hold on to the frame that it came in.
  return decoding.readUint8Array(decoder, readUint(decoder)).slice();
}

function readStamps(decoder: decoding.Decoder): Table<Stamp> {
  const nodes = new Table('nodes');
  for (let left = readUint(decoder); left > 0; left--) {
    const node = readText(decoder);
    if (!isNode(node)) throw new MalformedError('the state names a node that is none');
    nodes.add(node);
  }
  const stamps = new Table<Stamp>('stamps');
  let ms = 0;
  for (let left = readUint(decoder); left > 0; left--) {
    ms += readUint(decoder);
    const time = formatTime(ms, readUint(decoder));
    stamps.add((time + nodes.at(readUint(decoder))) as Stamp);
  }
  nodes.requireAllUsed();
  return stamps;
}

function readRegisters(decoder: decoding.Decoder, stamps: Table<Stamp>, generation: Stamp): Map<Path, Register> {
  const registers = new Map<Path, Register>();
  let last: Path | undefined;
  for (let left = readUint(decoder); left > 0; left--) {
    const path = readText(decoder);
    if (!isPath(path)) throw new MalformedError(`'${path}' is not the path of a register`);
    if (last !== undefined && path <= last) throw new MalformedError('the paths of a state are not sorted');
    last = path;
    const stamp = stamps.at(readUint(decoder));
    const value = readValue(decoder);
    const listed = stamp > generation || (stamp === generation && value !== undefined);
    if (!listed) throw new MalformedError(`the register ${path} is older than the state's generation`);
    registers.set(path, { stamp, value });
  }
  return registers;
}

const NO_ITEMS: never[] = [];

/** Texts that the state names by their place. Sorted and each in use, or the bytes would not be canonical. */
class Table<T extends string> {
  private items: T[] = NO_ITEMS;
  private isUsed: boolean[] = NO_ITEMS;
  private readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  add(item: T): void {
    const { items, isUsed, name } = this;
    const last = items[items.length - 1];
    if (last !== undefined && item <= last) throw new MalformedError(`the ${name} of a state are not sorted`);
    // Most states have one: an array that grew from nothing has room for many.
    if (last === undefined) {
      this.items = [item];
      this.isUsed = [false];
      return;
    }
    items.push(item);
    isUsed.push(false);
  }

  at(index: number): T {
    const { items, isUsed, name } = this;
    const item = items[index];
    if (item === undefined) throw new MalformedError(`the state has ${items.length} ${name} and uses number ${index}`);
    isUsed[index] = true;
    return item;
  }

  requireAllUsed(): void {
    if (this.isUsed.includes(false)) throw new MalformedError(`the state has ${this.name} that it does not use`);
  }
}
