import { decodeStored } from '@breakwater/crdt';
import type { Store } from '../store.ts';
import type { FoundRow } from './room-entrance.ts';
import type { UnfoldedRoom } from './room-store.ts';

export interface FoldLeftoversOptions {
  readonly store: Pick<Store, 'row' | 'rooms'>;
  /** Brings what is stored of the room into its row. */
  readonly fold: (tenant: string, row: FoundRow) => Promise<void>;
  readonly isOver: () => boolean;
  readonly log: (line: string) => void;
}

/** Brings into the rows what a server that was killed had not. Never rejects. */
export async function foldLeftovers({ store, fold, isOver, log }: FoldLeftoversOptions): Promise<void> {
  for (const room of unfolded()) {
    if (isOver()) return;
    try {
      await foldLeftover(room);
    } catch (error) {
      log(`What was typed into ${JSON.stringify(room.id)} is not in its row yet: ${messageOf(error)}`);
    }
  }

  function unfolded(): readonly UnfoldedRoom[] {
    try {
      return store.rooms.unfolded();
    } catch (error) {
      log(`Rooms could not be looked for: ${messageOf(error)}`);
      return [];
    }
  }

  async function foldLeftover({ tenant, ...key }: UnfoldedRoom): Promise<void> {
    const row = store.row(tenant, key);
    const state = row && decodeStored(row.state);
    if (row !== undefined && state?.generation === key.generation) {
      return await fold(tenant, { key, state, stateBytes: row.state.length });
    }
    // Nobody will ever see it. What is of an earlier generation goes with the next fold of the present one.
    if (row === undefined) await store.rooms.fold(tenant, key, { upTo: store.rooms.load(tenant, key).last });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
