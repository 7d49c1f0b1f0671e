import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { MalformedError } from './malformed.ts';
import { isPath, type Path } from './path.ts';
import { formatStamp, NO_STAMP, parseStamp, type Stamp } from './stamp.ts';
import type { Register, State } from './state.ts';
import { readValue, writeValue } from './value-codec.ts';

/*
 * state    = flags nodes stamps [generation] registers
 * flags    = uint8: 1 delta · 2 has a generation · the others 0 (room for the Yjs state of rich fields)
 * nodes    = count, each a string of 10 characters, sorted
 * stamps   = count, each: ms (the first absolute, then the distance to the one before), counter, index of node; sorted
 * generation = index of stamp
 * registers  = count, each: path, index of stamp, value; sorted by path
 *
 * Every count, index and number is a lib0 varUint. Sorted tables make the encoding canonical: one state, one sequence
 * of bytes.
 */
const PARTIAL = 1;
const HAS_GENERATION = 2;
const KNOWN_FLAGS = PARTIAL | HAS_GENERATION;

export function encodeState(state: State): Uint8Array {
  const encoder = encoding.createEncoder();
  const hasGeneration = state.generation !== NO_STAMP;
  encoding.writeUint8(encoder, (state.partial ? PARTIAL : 0) | (hasGeneration ? HAS_GENERATION : 0));
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
  return encoding.toUint8Array(encoder);
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
  encoding.writeVarUint(encoder, nodes.length);
  for (const node of nodes) encoding.writeVarString(encoder, node);
  encoding.writeVarUint(encoder, stamps.length);
  let lastMs = 0;
  for (const { ms, counter, node } of parts) {
    encoding.writeVarUint(encoder, ms - lastMs);
    encoding.writeVarUint(encoder, counter);
    encoding.writeVarUint(encoder, nodes.indexOf(node));
    lastMs = ms;
  }
  const index = new Map(stamps.map((stamp, i) => [stamp, i]));
  return (stamp) => index.get(stamp) as number;
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
  const stampAt = (index: number): Stamp => {
    const stamp = stamps[index];
    if (stamp === undefined) throw new MalformedError(`the state names stamp ${index} of ${stamps.length}`);
    return stamp;
  };
  const generation = flags & HAS_GENERATION ? stampAt(decoding.readVarUint(decoder)) : NO_STAMP;
  const registers = new Map<Path, Register>();
  const count = decoding.readVarUint(decoder);
  let last = '';
  for (let i = 0; i < count; i++) {
    const path = decoding.readVarString(decoder);
    if (!isPath(path)) throw new MalformedError(`'${path}' is not the path of a register`);
    if (i > 0 && path <= last) throw new MalformedError('the paths of a state are not sorted');
    last = path;
    const stamp = stampAt(decoding.readVarUint(decoder));
    const value = readValue(decoder);
    const listed = stamp > generation || (stamp === generation && value !== undefined);
    if (!listed) throw new MalformedError(`the register ${path} is older than the state's generation`);
    registers.set(path, { stamp, value });
  }
  if (decoding.hasContent(decoder)) throw new MalformedError('the state has bytes after its end');
  return { generation, registers, partial: (flags & PARTIAL) !== 0 };
}

function readStamps(decoder: decoding.Decoder): Stamp[] {
  const nodes: string[] = [];
  for (let i = decoding.readVarUint(decoder); i > 0; i--) nodes.push(decoding.readVarString(decoder));
  const stamps: Stamp[] = [];
  let ms = 0;
  for (let i = decoding.readVarUint(decoder); i > 0; i--) {
    ms += decoding.readVarUint(decoder);
    const counter = decoding.readVarUint(decoder);
    stamps.push(toStamp(ms, counter, nodes[decoding.readVarUint(decoder)]));
  }
  return stamps;
}

function toStamp(ms: number, counter: number, node: string | undefined): Stamp {
  try {
    return formatStamp({ ms, counter, node: node ?? '' });
  } catch (error) {
    throw new MalformedError(error instanceof Error ? error.message : String(error));
  }
}
