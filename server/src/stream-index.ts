import type { Stream } from './stream.ts';

/** Who follows which collection of which tenant. */
export interface StreamIndex {
  add(tenant: string, collection: string, stream: Stream): void;
  remove(tenant: string, collection: string, stream: Stream): void;
  /** Of each session that follows any of these collections, its streams of them. */
  bySession(tenant: string, collections: readonly string[]): Iterable<readonly Stream[]>;
}

/** Each stream with the list of it alone: most commits are of one collection, and nothing is made to tell of them. */
type Streams = Map<Stream, readonly [Stream]>;

export function createStreamIndex(): StreamIndex {
  const collectionsByTenant = new Map<string, Map<string, Streams>>();

  return {
    add(tenant, collection, stream) {
      const collections = collectionsByTenant.get(tenant) ?? new Map<string, Streams>();
      const streams: Streams = collections.get(collection) ?? new Map();
      collectionsByTenant.set(tenant, collections);
      collections.set(collection, streams.set(stream, [stream]));
    },
    remove(tenant, collection, stream) {
      const collections = collectionsByTenant.get(tenant);
      const streams = collections?.get(collection);
      streams?.delete(stream);
      if (streams?.size === 0) collections?.delete(collection);
      if (collections?.size === 0) collectionsByTenant.delete(tenant);
    },
    bySession(tenant, collections) {
      const found = collections.flatMap((collection) => collectionsByTenant.get(tenant)?.get(collection) ?? []);
      const [only, ...others] = found;
      if (others.length === 0) return only?.values() ?? [];
      const streams = found.flatMap((each) => [...each.keys()]);
      return Map.groupBy(streams, ({ peer }) => peer).values();
    },
  };
}
