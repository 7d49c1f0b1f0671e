import { type CollectionSchema, whyNotIndexed } from '@breakwater/crdt';
import { createIndexReader, type IndexReader } from './index-reader.ts';
import { flip, type PageOrder } from './page-order.ts';
import type { PageReader } from './page-reader.ts';
import type { QueryOf } from './rx-types.ts';
import { createScanReader } from './scan-reader.ts';
import { createStorageReads } from './storage-reads.ts';

/** The reader that suits the order: along an index, upwards or downwards, if there is one that has it. */
export function createPageReader(query: QueryOf<unknown>, order: PageOrder): PageReader {
  const reads = createStorageReads(query);
  const scan = createScanReader(reads, order);
  const isDescending = order.fields.every((field) => field.isDescending);
  const isAscending = order.fields.every((field) => !field.isDescending);
  const isIndexable = order.fields.every(({ name }) => isAlwaysThere(query, name));
  if (!isIndexable || (!isDescending && !isAscending)) return scan;
  const upwards = isDescending ? flip(order) : order;
  const plan = reads.planFor(upwards);
  if (!plan.sortSatisfiedByIndex) return scan;
  const index = createIndexReader(reads, upwards, plan);
  if (plan.selectorSatisfiedByIndex) return isDescending ? backwards(index) : index;
  // What is filtered cannot be counted in the index: it is good for reading upwards only.
  return isDescending
    ? { ...scan, before: backwards(index).before, hasBefore: index.hasAfter }
    : { ...scan, plan, after: index.after, hasBefore: index.hasBefore };
}

/** A document that lacks the field stands in no index, or anywhere in it. */
function isAlwaysThere({ collection }: QueryOf<unknown>, field: string): boolean {
  if (field === collection.schema.primaryPath) return true;
  return whyNotIndexed(collection.schema.jsonSchema as unknown as CollectionSchema, field) === undefined;
}

/** The same index, seen from its other end. */
function backwards(index: IndexReader): PageReader {
  return {
    isByIndex: true,
    plan: index.plan,
    after: async (key, limit, isIncluded) => (await index.before(key, limit, isIncluded)).toReversed(),
    before: async (key, limit) => (await index.after(key, limit)).toReversed(),
    hasBefore: index.hasAfter,
    async at(row, limit) {
      const end = Math.max(0, (await index.count()) - row);
      const start = Math.max(0, end - limit);
      return (await index.at(start, end - start)).toReversed();
    },
    countBefore: index.countAfter,
    count: index.count,
  };
}
