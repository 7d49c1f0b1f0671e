import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { readText, readUint } from './bytes.ts';
import { MalformedError } from './malformed.ts';
import { isPath, type Path } from './path.ts';
import { checkRich } from './rich/merge-rich.ts';
import type { Rich } from './rich/rich-doc.ts';
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
  const encoder = encoding.createEncoder();
  const hasGeneration = state.generation !== NO_STAMP;
  encoding.writeUint8(encoder, flagsOf(state));
  const indexOf = writeStamps(encoder, stampsOf(state));
  if (hasGeneration) encoding.writeVarUint(encoder, indexOf(state.generation));
  const paths = [...state.registers.keys()].sort();
  encoding.writeVarUint(encoder, paths.length);
  for (const path of paths) {
    const register = state.registers.get(path) as Register;
    encoding.writeVarString(encoder, path);
    encoding.writeVarUint(encoder, indexOf(register.stamp));
    writeValue(encoder, register.value);
  }
  if (state.rich !== undefined) encoding.writeVarUint8Array(encoder, state.rich);
  return encoding.toUint8Array(encoder);
}

function flagsOf({ partial, generation, rich }: State): number {
  const hasGeneration = generation === NO_STAMP ? 0 : HAS_GENERATION;
  return (partial ? PARTIAL : 0) | hasGeneration | (rich === undefined ? 0 : HAS_RICH);
}

function stampsOf(state: State): Stamp[] {
  const stamps = new Set<Stamp>();
  if (state.generation !== NO_STAMP) stamps.add(state.generation);
  for (const { stamp } of state.registers.values()) stamps.add(stamp);
  return [...stamps].sort();
}

function writeStamps(encoder: encoding.Encoder, stamps: Stamp[]): (stamp: Stamp) => number {
  const parts = stamps.map(parseStamp);
  const nodes = [...new Set(parts.map(({ node }) => node))].sort();
  const nodeIndex = indexByItem(nodes);
  encoding.writeVarUint(encoder, nodes.length);
  for (const node of nodes) encoding.writeVarString(encoder, node);
  encoding.writeVarUint(encoder, stamps.length);
  let lastMs = 0;
  for (const { ms, counter, node } of parts) {
    encoding.writeVarUint(encoder, ms - lastMs);
    encoding.writeVarUint(encoder, counter);
    encoding.writeVarUint(encoder, nodeIndex.get(node) as number);
    lastMs = ms;
  }
  const stampIndex = indexByItem(stamps);
  return (stamp) => stampIndex.get(stamp) as number;
}

function indexByItem<T>(items: readonly T[]): Map<T, number> {
  return new Map(items.map((item, i) => [item, i]));
}

/** @throws MalformedError when the bytes are no state, or one whose registers break the rules that merging relies on. */
export function decodeState(bytes: Uint8Array): State {
  try {
    return read(decoding.createDecoder(bytes));
  } catch (error) {
    if (error instanceof MalformedError) throw error;
    throw new MalformedError(`the state is cut short or damaged: ${error instanceof Error ? error.message : error}`);
  }
}

function read(decoder: decoding.Decoder): State {
  const flags = decoding.readUint8(decoder);
  if ((flags & ~KNOWN_FLAGS) !== 0) throw new MalformedError(`the state has unknown flags ${flags}`);
  const stamps = readStamps(decoder);
  const generation = flags & HAS_GENERATION ? stamps.at(readUint(decoder)) : NO_STAMP;
  const registers = readRegisters(decoder, stamps, generation);
  stamps.requireAllUsed();
  const partial = (flags & PARTIAL) !== 0;
  const rich = flags & HAS_RICH ? { rich: readRichPart(decoder, partial) } : {};
  if (decoding.hasContent(decoder)) throw new MalformedError('the state has bytes after its end');
  return { generation, registers, partial, ...rich };
}

function readRichPart(decoder: decoding.Decoder, partial: boolean): Rich {
  // A copy: the state must not hold on to the frame that it came in.
  const bytes = decoding.readUint8Array(decoder, readUint(decoder)).slice();
  checkRich(bytes, partial);
  return bytes;
}

function readStamps(decoder: decoding.Decoder): Table<Stamp> {
  const nodes = createTable('nodes');
  for (let left = readUint(decoder); left > 0; left--) {
    const node = readText(decoder);
    if (!isNode(node)) throw new MalformedError('the state names a node that is none');
    nodes.add(node);
  }
  const stamps = createTable<Stamp>('stamps');
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

/** Texts that the state names by their place. Sorted and each in use, or the bytes would not be canonical. */
interface Table<T extends string> {
  add(item: T): void;
  at(index: number): T;
  requireAllUsed(): void;
}

function createTable<T extends string>(name: string): Table<T> {
  const items: T[] = [];
  const isUsed: boolean[] = [];

  return {
    add(item) {
      const last = items.at(-1);
      if (last !== undefined && item <= last) throw new MalformedError(`the ${name} of a state are not sorted`);
      items.push(item);
      isUsed.push(false);
    },
    at(index) {
      const item = items[index];
      if (item === undefined)
        throw new MalformedError(`the state has ${items.length} ${name} and uses number ${index}`);
      isUsed[index] = true;
      return item;
    },
    requireAllUsed() {
      if (isUsed.includes(false)) throw new MalformedError(`the state has ${name} that it does not use`);
    },
  };
}
