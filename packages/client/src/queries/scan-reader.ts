import { flip, type Key, type OrderField, type PageOrder } from './page-order.ts';
import type { PageReader } from './page-reader.ts';
import type { Selector } from './query-shape.ts';
import type { StorageReads } from './storage-reads.ts';

/** Reads where no index has the order: the storage finds all results and sorts them, for every page. */
export function createScanReader(reads: StorageReads, order: PageOrder): PageReader {
  const backwards = flip(order);
  // A plan that reads in the order it was made for, if in any: for the other way round it sorts.
  const plan = { ...reads.planFor(order), sortSatisfiedByIndex: false };

  return {
    isByIndex: false,
    plan,
    after: (key, limit, isIncluded = false) => reads.read({ plan, order, limit, ...beyond(order, key, isIncluded) }),
    async before(key, limit) {
      const found = await reads.read({ plan, order: backwards, limit, ...beyond(backwards, key) });
      return found.toReversed();
    },
    hasBefore: async (key) => (await reads.read({ plan, order, limit: 1, ...beyond(backwards, key) })).length > 0,
    at: (row, limit) => reads.read({ plan, order, skip: row, limit }),
    countBefore: (key) => reads.count({ plan, order, ...beyond(backwards, key) }),
    count: () => reads.count({ plan, order }),
  };
}

/** The condition for coming after a key: equal in the fields before, beyond it in one. */
function beyond({ fields }: PageOrder, key: Key | undefined, isIncluded = false): { where?: Selector } {
  if (key === undefined) return {};
  const sameUntil = (end: number) => fields.slice(0, end).map((field, i) => ({ [field.name]: same(key[i]) }));
  const parts = fields.flatMap((field, i) =>
    beyondValue(field, key[i]).map((condition) => ({ $and: [...sameUntil(i), { [field.name]: condition }] })),
  );
  return { where: { $or: [...parts, ...(isIncluded ? [{ $and: sameUntil(fields.length) }] : [])] } };
}

const MISSING = { $exists: false };
const NULL = { $exists: true, $eq: null };

function same(value: unknown): Selector {
  return value === undefined ? MISSING : value === null ? NULL : { $eq: value };
}

/** Missing values come before null, and null before all others. */
function beyondValue({ isDescending }: OrderField, value: unknown): readonly Selector[] {
  if (value === undefined) return isDescending ? [] : [{ $exists: true }];
  if (value === null) return isDescending ? [MISSING] : [{ $ne: null, $exists: true }];
  return isDescending ? [{ $lt: value }, NULL, MISSING] : [{ $gt: value }];
}
