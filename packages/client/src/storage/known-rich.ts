import { type Stamp, type State, vectorOf } from '@breakwater/crdt';

/**
 * How much of large Yjs states the server has, so that only the rest of them is pushed. In memory: who opens the database
 * again pushes a large one whole once. Not in the row's meta, which RxDB's cached documents show as it was before the ack.
 */
export interface KnownRich {
  /** The server holds this state of the row. */
  note(id: string, state: State): void;
  /** A state vector of the Yjs state in this generation; undefined: push it whole. */
  of(id: string, generation: Stamp): Uint8Array | undefined;
}

/** Below, a diff saves little. */
const LARGE_BYTES = 16 * 1024;

const MAX_ROWS = 1_000;

interface Entry {
  readonly generation: Stamp;
  readonly vector: Uint8Array;
}

export function createKnownRich(): KnownRich {
  const entryById = new Map<string, Entry>();

  return {
    note(id, { generation, rich, partial }) {
      if (rich === undefined || partial || rich.length < LARGE_BYTES) return;
      entryById.delete(id);
      entryById.set(id, { generation, vector: vectorOf(rich) });
      const [oldest] = entryById.keys();
      if (oldest !== undefined && entryById.size > MAX_ROWS) entryById.delete(oldest);
    },
    of(id, generation) {
      const entry = entryById.get(id);
      // Each generation has another Yjs state.
      return entry?.generation === generation ? entry.vector : undefined;
    },
  };
}
