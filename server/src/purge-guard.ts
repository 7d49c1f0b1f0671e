import { MAX_STREAMS } from './limits.ts';
import type { Store } from './store.ts';

/**
 * Tells which pulls of a session come too late: after tombstones were dropped that the client has not heard of. It would
 * go on showing the documents for good.
 */
export interface PurgeGuard {
  isTooLate(collection: string, checkpoint: number): boolean;
  /** A page of the collection leaves: up to this checkpoint the session has everything. */
  handOut(collection: string, checkpoint: number, last: boolean): void;
}

interface HandedOut {
  readonly checkpoint: number;
  readonly purgedBefore: number;
}

export function createPurgeGuard(store: Store, tenant: string): PurgeGuard {
  /** The latest page of each collection that the session is still pulling. */
  const pages = new Map<string, HandedOut>();

  return {
    isTooLate(collection, checkpoint) {
      const purgedBefore = store.purgedBefore(tenant, collection);
      if (checkpoint === 0 || checkpoint >= purgedBefore) return false;
      // Who began after the purge and goes on page by page passes by what was dropped before.
      const page = pages.get(collection);
      return page?.checkpoint !== checkpoint || page.purgedBefore !== purgedBefore;
    },
    handOut(collection, checkpoint, last) {
      pages.delete(collection);
      if (last) return;
      pages.set(collection, { checkpoint, purgedBefore: store.purgedBefore(tenant, collection) });
      const [oldest] = pages.keys();
      if (pages.size > MAX_STREAMS && oldest !== undefined) pages.delete(oldest);
    },
  };
}
