import { DELETED } from './path.ts';
import type { State } from './state.ts';

/**
 * What has to stay of a deleted document: that it was deleted, and when. What is no tombstone, and any delta, comes back
 * as it is.
 *
 * The deletion becomes the generation. So whatever is older loses against the stub, as it would against the tombstone or
 * against the insert that revives it. What was written later than the deletion, by a device that had not heard of it,
 * goes as well.
 */
export function shrinkTombstone(state: State): State {
  const deletion = state.registers.get(DELETED);
  if (state.partial || deletion?.value !== true) return state;
  return { generation: deletion.stamp, registers: new Map([[DELETED, deletion]]), partial: false };
}
