import type { Scheduler } from '../scheduler.ts';
import type { Store } from '../store.ts';
import type { Peer } from '../stream.ts';
import { type BlobSearch, createBlobSearch } from './blob-search.ts';
import { type BlobSession, createBlobSession } from './blob-session.ts';
import type { BlobStore } from './blob-store.ts';

/** Where sessions bring and get the bytes of attachments. */
export interface BlobExchange {
  join(peer: Peer): BlobSession;
}

export interface BlobExchangeOptions {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly maxBlobBytes: number;
  readonly scheduler: Scheduler;
  readonly log: (line: string) => void;
}

export function createBlobExchange(options: BlobExchangeOptions): BlobExchange {
  const { store, maxBlobBytes, log } = options;
  const searchByTenant = new Map<string, BlobSearch>();

  return {
    join(peer) {
      const { tenant } = peer;
      const search = searchOf(tenant);
      const session = createBlobSession({ ...options, peer, search });
      return {
        ...session,
        leave() {
          session.leave();
          if (search.isEmpty && searchByTenant.get(tenant) === search) searchByTenant.delete(tenant);
        },
      };
    },
  };

  function searchOf(tenant: string): BlobSearch {
    const search = searchByTenant.get(tenant) ?? createBlobSearch({ tenant, index: store.blobs, maxBlobBytes, log });
    searchByTenant.set(tenant, search);
    return search;
  }
}
