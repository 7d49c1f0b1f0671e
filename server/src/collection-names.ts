import type { Collections } from '@breakwater/crdt';
import { MAX_NAME_BYTES } from './limits.ts';

export type IsCollection = (name: string) => boolean;

/** The names of collections; or what `defineCollections` answers, and then the server knows their documents. */
export type CollectionNames = readonly string[] | Collections;

/** Without a list every name is a collection that can be a key. */
export function collectionFilter(collections: CollectionNames | undefined): IsCollection {
  if (collections === undefined) return isName;
  const known = new Set<string>(isList(collections) ? collections : Object.keys(collections));
  return (name) => known.has(name);
}

/** Array.isArray does not tell a readonly array from an object. */
export function isList(collections: CollectionNames): collections is readonly string[] {
  return Array.isArray(collections);
}

/** Can the text be part of a key? U+0000 cannot, see the store. */
export function isName(text: string): boolean {
  return text !== '' && Buffer.byteLength(text) <= MAX_NAME_BYTES && !text.includes('\0');
}
