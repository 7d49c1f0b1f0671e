import { type MangoQuerySelector, normalizeMangoQuery, prepareQuery, type RxDocumentData } from 'rxdb';
import type { Instance } from './instance.ts';
import { rowMetaOf, type StoredDocument } from './row-meta.ts';

type Stored = RxDocumentData<{ [field: string]: unknown }>;

/**
 * RxDB's cleanup purges tombstones. One that was not pushed yet is a deletion that nobody else would ever hear of: while
 * there are such, nothing is purged; a later cleanup does it.
 */
export function keepUnpushedTombstones(instance: Instance): void {
  const cleanup = instance.cleanup.bind(instance);
  instance.cleanup = async (minimumDeletedTime) => {
    if (await hasUnpushedTombstones(instance)) return true;
    return cleanup(minimumDeletedTime);
  };
}

async function hasUnpushedTombstones(instance: Instance): Promise<boolean> {
  const selector = { _deleted: { $eq: true } } as MangoQuerySelector<Stored>;
  const query = normalizeMangoQuery<Stored>(instance.schema, { selector });
  const { documents } = await instance.query(prepareQuery(instance.schema, query));
  return (documents as StoredDocument[]).some((document) => rowMetaOf(document)?.pending !== undefined);
}
