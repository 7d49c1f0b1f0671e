import {
  type Clock,
  createClock,
  DELETED,
  decodeState,
  delta,
  EMPTY_STATE,
  encodeState,
  isDeleted,
  type Json,
  MissingBaseError,
  merge,
  newestStamp,
  type Path,
  type Register,
  type Stamp,
  type State,
} from '../src/index.ts';

/** One device in the model: it holds one document, and what it last knew of each other device. */
export interface Replica {
  state: State;
  readonly clock: Clock;
  readonly known: Map<Replica, State>;
}

export interface Write {
  readonly path: Path;
  readonly stamp: Stamp;
  readonly value: Json | undefined;
}

/** Everything that was ever written, from which the end can be told without any merging. */
export interface Log {
  readonly writes: Write[];
  readonly generations: Stamp[];
}

export function createReplica(now: () => number, random: () => number): Replica {
  return { state: EMPTY_STATE, clock: createClock({ now, random }), known: new Map() };
}

export function write(replica: Replica, log: Log, path: Path, value: Json | undefined): void {
  const stamp = replica.clock.next(newestStamp(replica.state));
  log.writes.push({ path, stamp, value });
  const registers = new Map(replica.state.registers).set(path, { stamp, value });
  replica.state = { ...replica.state, registers };
}

/** Deletes the document, or inserts it anew over its tombstone. */
export function deleteOrRevive(replica: Replica, log: Log, path: Path, value: Json): void {
  if (!isDeleted(replica.state)) return write(replica, log, DELETED, true);
  const generation = replica.clock.next(newestStamp(replica.state));
  log.generations.push(generation);
  log.writes.push({ path, stamp: generation, value });
  replica.state = { generation, registers: new Map([[path, { stamp: generation, value }]]), partial: false };
}

/** What one device sends another: a delta since what it knows of it, or everything. */
export function composeMessage(from: Replica, to: Replica, full: boolean): Uint8Array {
  return encodeState(full ? from.state : delta(from.state, from.known.get(to) ?? EMPTY_STATE));
}

/** Answers false when the device needs the whole state. A message that arrived makes its sender known. */
export function receive(to: Replica, from: Replica, bytes: Uint8Array): boolean {
  const received = decodeState(bytes);
  try {
    to.state = merge(to.state, received);
  } catch (error) {
    if (error instanceof MissingBaseError) return false;
    throw error;
  }
  if (!received.partial) to.known.set(from, merge(to.known.get(from) ?? EMPTY_STATE, received));
  return true;
}

/** What the log says the end must be: the latest write of each path since the latest generation. */
export function expectedRegisters({ writes, generations }: Log): Map<Path, Register> {
  const generation = generations.toSorted().at(-1) ?? '';
  const registers = new Map<Path, Register>();
  for (const { path, stamp, value } of writes.toSorted((a, b) => (a.stamp < b.stamp ? -1 : 1))) {
    if (stamp >= generation) registers.set(path, { stamp, value });
  }
  return registers;
}
