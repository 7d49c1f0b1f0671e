import type { Stream } from './stream.ts';

/** Who follows which collection of which tenant. */
export interface StreamIndex {
  add(tenant: string, collection: string, stream: Stream): void;
  remove(tenant: string, collection: string, stream: Stream): void;
  /** Of each session that follows any of these collections, its streams of them. */
  bySession(tenant: string, collections: readonly string[]): Iterable<readonly Stream[]>;
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
    bySession(tenant, collections) {
      const streams = collections.flatMap((collection) => [...of(tenant, collection)]);
      if (collections.length === 1) return streams.map((stream) => [stream]);
      return Map.groupBy(streams, ({ peer }) => peer).values();
    },
  };

  function of(tenant: string, collection: string): Iterable<Stream> {
    return collectionsByTenant.get(tenant)?.get(collection) ?? [];
  }
}
