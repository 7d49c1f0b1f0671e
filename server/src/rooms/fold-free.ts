import { loadDoc } from '@breakwater/crdt';
import * as Y from 'yjs';
import type { Room } from './room.ts';
import type { RoomKey, RoomStore } from './room-store.ts';

/** Puts the state of a free room's document in place of its updates. Answers how long it took, in milliseconds. */
export async function foldFree(store: RoomStore, tenant: string, key: RoomKey, room: Room): Promise<number> {
  await room.updates.settled();
  const upTo = room.updates.last;
  const start = performance.now();
  // Loaded in one transaction, Yjs joins what can be joined.
  const state = Y.encodeStateAsUpdate(loadDoc([Y.encodeStateAsUpdate(room.doc)]));
  const tookMs = performance.now() - start;
  await store.fold(tenant, key, { upTo, state });
  return tookMs;
}
