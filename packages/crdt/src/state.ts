import { type Json, sameValue } from './json.ts';
import { MissingBaseError } from './missing-base.ts';
import { GENERATION, type Path } from './path.ts';
import { diffRich, diffSince, mergeRich, type RichPart } from './rich/merge-rich.ts';
import { type Rich, sameBytes } from './rich/rich-doc.ts';
import { maxStamp, NO_STAMP, type Stamp } from './stamp.ts';
import { compareValues } from './value-codec.ts';

/** One register: its value when `stamp` was issued; undefined means that the field was removed. */
export interface Register {
  readonly stamp: Stamp;
  readonly value: Json | undefined;
}

/**
 * What is known of one document: a total function from paths to registers. A path that is not listed has no value since
 * `generation`. A *delta* (`partial`) says nothing at all of unlisted paths.
 *
 * Canonical: no listed register is older than the generation, and none without a value is exactly as old. So two states
 * are the same function if and only if they list the same registers.
 */
export interface State {
  /** The stamp of the last insert over a tombstone, which replaced everything there was; NO_STAMP if there was none. */
  readonly generation: Stamp;
  readonly registers: ReadonlyMap<Path, Register>;
  readonly partial: boolean;
  /**
   * The Yjs state of the document's rich fields; undefined: they are empty, or the delta says nothing of them. It belongs
   * to the generation: with another generation it begins anew. That of a delta may be a diff that cannot stand alone.
   */
  readonly rich?: Rich | undefined;
}

export const EMPTY_STATE: State = { generation: NO_STAMP, registers: new Map(), partial: false };

/**
 * Both states as one. Commutative, associative and idempotent: the greater stamp wins path by path, and between equal
 * stamps (migrated data, a hostile client) the greater value.
 *
 * @throws MissingBaseError when a delta belongs to a later generation than the state it should be merged with, or has a
 * Yjs diff that builds on what neither of them has.
 */
export function merge(a: State, b: State): State {
  requireBase(a, b);
  requireBase(b, a);
  const generation = maxStamp(a.generation, b.generation);
  const partial = a.partial && b.partial;
  const registers = new Map<Path, Register>();
  const keep = (path: Path, register: Register) => {
    if (isListed(register, generation)) registers.set(path, register);
  };
  a.registers.forEach((register, path) => {
    keep(path, winner(register, registerAt(b, path)));
  });
  b.registers.forEach((register, path) => {
    if (!a.registers.has(path)) keep(path, winner(register, registerAt(a, path)));
  });
  return withRich({ generation, registers, partial }, mergeRich(partSince(a, generation), partSince(b, generation)));
}

/** The Yjs state, unless a later generation began another. */
function partSince(state: State, generation: Stamp): RichPart {
  return state.generation === generation ? state : { partial: state.partial };
}

function withRich(state: State, rich: Rich | undefined): State {
  return rich === undefined ? state : { ...state, rich };
}

function requireBase(delta: State, state: State): void {
  if (delta.partial && delta.generation > state.generation) {
    throw new MissingBaseError('a delta of a later generation cannot be merged; the whole state is needed');
  }
}

function isListed(register: Register, generation: Stamp): boolean {
  return register.stamp > generation || (register.stamp === generation && register.value !== undefined);
}

function registerAt(state: State, path: Path): Register | undefined {
  return state.registers.get(path) ?? (state.partial ? undefined : { stamp: state.generation, value: undefined });
}

function winner(a: Register, b: Register | undefined): Register {
  return b === undefined || compareRegisters(a, b) >= 0 ? a : b;
}

function compareRegisters(a: Register, b: Register): number {
  if (a.stamp !== b.stamp) return a.stamp > b.stamp ? 1 : -1;
  return sameValue(a.value, b.value) ? 0 : compareValues(a.value, b.value);
}

/** The stamp of a path in a whole state; of {@link GENERATION}: the generation. */
export function stampAt(state: State, path: Path): Stamp {
  if (path === GENERATION) return state.generation;
  return state.registers.get(path)?.stamp ?? state.generation;
}

/** The latest stamp anywhere in the state. */
export function newestStamp(state: State): Stamp {
  let newest = state.generation;
  state.registers.forEach(({ stamp }) => {
    if (stamp > newest) newest = stamp;
  });
  return newest;
}

/** What `state` has that `since` lacks: a delta, or the whole state when the generation is newer. */
export function delta(state: State, since: State): State {
  if (state.generation > since.generation) return state;
  const registers = new Map<Path, Register>();
  for (const [path, register] of state.registers) {
    const known = registerAt(since, path);
    if (known === undefined || compareRegisters(register, known) > 0) registers.set(path, register);
  }
  const rich = state.generation < since.generation ? undefined : diffRich(state.rich, since.rich);
  return withRich({ generation: state.generation, registers, partial: true }, rich);
}

/**
 * The registers of these paths as a delta; the whole state when the paths name the generation. A path without a register
 * is a rich field's: the Yjs state goes along, only what is beyond the state vector `known` if that is given.
 */
export function pick(state: State, paths: readonly Path[], known?: Uint8Array): State {
  if (paths.includes(GENERATION)) return state;
  const registers = new Map<Path, Register>();
  for (const path of paths) {
    const register = state.registers.get(path);
    if (register !== undefined) registers.set(path, register);
  }
  const { generation, rich } = state;
  const picked: State = { generation, registers, partial: true };
  if (rich === undefined || registers.size === paths.length) return picked;
  return withRich(picked, known === undefined ? rich : diffSince(rich, known));
}

/** Do both states say the same? */
export function sameState(a: State, b: State): boolean {
  if (a.generation !== b.generation || a.partial !== b.partial || a.registers.size !== b.registers.size) return false;
  if (!sameBytes(a.rich, b.rich)) return false;
  for (const [path, register] of a.registers) {
    const other = b.registers.get(path);
    if (other === undefined || compareRegisters(register, other) !== 0) return false;
  }
  return true;
}
