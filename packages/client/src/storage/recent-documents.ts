import type { StoredDocument } from './row-meta.ts';

/**
 * Documents with something pending as this tab has heard of their write: what goes up at once need not be read from the
 * storage again. An older revision than the stored one may be in it for a moment, which does no harm: its part is merged, and
 * the ack of it leaves what is newer pending.
 */
export interface RecentDocuments {
  /** @param bytes size of what is pending of it, about. */
  note(id: string, document: StoredDocument, bytes: number): void;
  drop(id: string): void;
  get(id: string): StoredDocument | undefined;
}

/** Of what is pending: an app that is offline for long must not keep all that it writes in memory. */
const MAX_BYTES = 4 * 1024 * 1024;

export function createRecentDocuments(maxBytes = MAX_BYTES): RecentDocuments {
  const entryById = new Map<string, { readonly document: StoredDocument; readonly bytes: number }>();
  let total = 0;

  function drop(id: string): void {
    total -= entryById.get(id)?.bytes ?? 0;
    entryById.delete(id);
  }

  return {
    note(id, document, bytes) {
      drop(id);
      // Those before it go up first: they are kept.
      if (total + bytes > maxBytes) return;
      entryById.set(id, { document, bytes });
      total += bytes;
    },
    drop,
    get: (id) => entryById.get(id)?.document,
  };
}
