import {
  type Clock,
  GENERATION,
  maxStamp,
  NO_STAMP,
  newestStamp,
  type Path,
  parseStamp,
  type Register,
  type Stamp,
  type State,
} from '@breakwater/crdt';

export interface RestampContext {
  readonly clock: Clock;
  /** The newest stamp that the server has of the row. */
  readonly after: Stamp;
}

/**
 * The state with its pending stamps that are ahead of the clock replaced by one of now, after everything that is kept and
 * everything that the server has. Those stamps were refused, so no other replica has seen them. Undefined: there are none.
 */
export function restamp(state: State, pending: ReadonlySet<Path>, { clock, after }: RestampContext): State | undefined {
  const isAhead = (stamp: Stamp) => stamp !== NO_STAMP && parseStamp(stamp).ms > clock.nowMs();
  const isReplacing = pending.has(GENERATION) && isAhead(state.generation);
  // What is newer than a generation moves along with it, or it would be lost with what the generation replaces.
  const moves = (path: Path, { stamp }: Register) => isReplacing || (pending.has(path) && isAhead(stamp));
  const moving = [...state.registers].filter(([path, register]) => moves(path, register));
  if (moving.length === 0 && !isReplacing) return undefined;

  const registers = new Map(state.registers);
  for (const [path] of moving) registers.delete(path);
  const generation = isReplacing ? NO_STAMP : state.generation;
  const stamp = clock.next(maxStamp(newestStamp({ generation, registers, partial: false }), after));
  for (const [path, { value }] of moving) {
    // What has no value since the generation is not listed.
    if (!isReplacing || value !== undefined) registers.set(path, { stamp, value });
  }
  return { ...state, generation: isReplacing ? stamp : generation, registers };
}
