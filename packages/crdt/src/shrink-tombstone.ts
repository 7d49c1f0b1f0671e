import { DELETED } from './path.ts';
import type { State } from './state.ts';

/**
 * What has to stay of a deleted document: that it was deleted, when, and what was written later than that by devices that
 * had not heard of it. What is no tombstone, and any delta, comes back as it is.
 *
 * The deletion becomes the generation. So whatever is older loses against the stub, as it would against the tombstone or
 * against the insert that revives it.
 */
export function shrinkTombstone(state: State): State {
  const deletion = state.registers.get(DELETED);
  if (state.partial || deletion?.value !== true) return state;
  const later = [...state.registers].filter(([, { stamp }]) => stamp > deletion.stamp);
  return { generation: deletion.stamp, registers: new Map([...later, [DELETED, deletion]]), partial: false };
}
