import type { Stream } from './stream.ts';

/** Who follows which collection of which tenant. */
export interface StreamIndex {
  add(tenant: string, collection: string, stream: Stream): void;
  remove(tenant: string, collection: string, stream: Stream): void;
  of(tenant: string, collection: string): Iterable<Stream>;
}

export function createStreamIndex(): StreamIndex {
  const collectionsByTenant = new Map<string, Map<string, Set<Stream>>>();

  return {
    add(tenant, collection, stream) {
      const collections = collectionsByTenant.get(tenant) ?? new Map<string, Set<Stream>>();
      const streams = collections.get(collection) ?? new Set<Stream>();
      collectionsByTenant.set(tenant, collections);
      collections.set(collection, streams.add(stream));
    },
    remove(tenant, collection, stream) {
      const collections = collectionsByTenant.get(tenant);
      const streams = collections?.get(collection);
      streams?.delete(stream);
      if (streams?.size === 0) collections?.delete(collection);
      if (collections?.size === 0) collectionsByTenant.delete(tenant);
    },
    of: (tenant, collection) => collectionsByTenant.get(tenant)?.get(collection) ?? [],
  };
}
