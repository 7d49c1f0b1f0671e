import { type Clock, GENERATION, NO_STAMP, newestStamp, type Path, type Register, type State } from '@breakwater/crdt';

/**
 * The state with its pending registers stamped by the clock as it is now, after everything that is not pending. The old
 * stamps were refused, so no other replica has ever seen them.
 */
export function restamp(state: State, pending: ReadonlySet<Path>, clock: Clock): State {
  // A pending generation replaces everything: what is not pending belongs to it as little as before.
  const isReplaced = pending.has(GENERATION);
  const kept = [...state.registers].filter(([path]) => !pending.has(path) && !isReplaced);
  const generation = isReplaced ? NO_STAMP : state.generation;
  const stamp = clock.next(newestStamp({ generation, registers: new Map(kept), partial: false }));
  const registers = new Map<Path, Register>(kept);
  for (const [path, { value }] of state.registers) if (pending.has(path)) registers.set(path, { stamp, value });
  return { generation: isReplaced ? stamp : generation, registers, partial: false };
}
