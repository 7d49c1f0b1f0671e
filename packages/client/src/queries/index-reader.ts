import { INDEX_MAX, INDEX_MIN, type RxQueryPlan } from 'rxdb';
import { type CountedIndex, type Edge, findRow } from './find-row.ts';
import { type Key, keyOf, type PageOrder, type StoredFields } from './page-order.ts';
import type { PageReader } from './page-reader.ts';
import type { StorageReads } from './storage-reads.ts';

export interface IndexReader extends PageReader {
  before(key: Key | undefined, limit: number, isIncluded?: boolean): Promise<readonly StoredFields[]>;
  hasAfter(key: Key): Promise<boolean>;
  countAfter(key: Key): Promise<number>;
}

/**
 * Reads upwards along an index that has the order. A page begins in the index right behind the document before it. What
 * the index cannot do, reading backwards and entering at a row, is done by counting its entries, which reads no document.
 */
export function createIndexReader(reads: StorageReads, order: PageOrder, plan: RxQueryPlan): IndexReader {
  const { fields } = order;
  const start: Edge = { keys: plan.startKeys, isIncluded: plan.inclusiveStart };
  const end: Edge = { keys: plan.endKeys, isIncluded: plan.inclusiveEnd };
  // Which field of the order stands where in the index; -1: the query gives its one value.
  const orderIndexes = plan.index.map((name, i) => {
    const isGiven = isValue(plan.startKeys[i]) && plan.startKeys[i] === plan.endKeys[i];
    return isGiven ? -1 : fields.findIndex((field) => field.name === name);
  });

  const between = (from: Edge, to: Edge) => ({ order, plan: withEdges(plan, from, to) });
  const count = (from: Edge, to: Edge) => reads.count(between(from, to));
  const isThere = async (from: Edge, to: Edge) => (await reads.read({ ...between(from, to), limit: 1 })).length > 0;

  /** Where the index has these values; the fields behind them hold `rest`. */
  function edgeAt(values: Key, isIncluded: boolean, rest: unknown = INDEX_MIN): Edge {
    // A field of one value is the query's own; it may stand anywhere in the index.
    const keys = orderIndexes.map((at, i) => (at < 0 ? plan.startKeys[i] : at < values.length ? values[at] : rest));
    return { keys, isIncluded };
  }

  const index: CountedIndex = {
    start,
    end,
    properties: fields.map(({ property }) => property),
    firstValueOf({ keys }) {
      const key = keys[orderIndexes.indexOf(0)];
      return isValue(key) ? key : undefined;
    },
    before: (values, isIncluded) => edgeAt(values, isIncluded),
    behind: (values, isIncluded) => edgeAt(values, isIncluded, INDEX_MAX),
    count,
    async firstKey(from, to) {
      const [first] = await reads.read({ ...between(from, to), limit: 1 });
      return first && keyOf(order, first);
    },
  };

  async function readBefore(to: Edge, limit: number): Promise<readonly StoredFields[]> {
    if (limit === 0) return [];
    const row = Math.max(0, (await count(start, to)) - limit);
    const entry = await findRow(index, row);
    const found = await reads.read({ ...between(entry.edge, to), skip: row - entry.row });
    return found.slice(-limit);
  }

  return {
    isByIndex: true,
    plan,
    after: (key, limit, isIncluded = false) =>
      reads.read({ ...between(key === undefined ? start : edgeAt(key, isIncluded), end), limit }),
    before: (key, limit, isIncluded = false) => readBefore(key === undefined ? end : edgeAt(key, isIncluded), limit),
    hasBefore: (key) => isThere(start, edgeAt(key, false)),
    hasAfter: (key) => isThere(edgeAt(key, false), end),
    async at(row, limit) {
      const entry = await findRow(index, row);
      return reads.read({ ...between(entry.edge, end), skip: row - entry.row, limit });
    },
    countBefore: (key) => count(start, edgeAt(key, false)),
    countAfter: (key) => count(edgeAt(key, false), end),
    count: () => count(start, end),
  };
}

function isValue(key: unknown): boolean {
  return key !== undefined && key !== INDEX_MIN && key !== INDEX_MAX;
}

function withEdges(plan: RxQueryPlan, from: Edge, to: Edge): RxQueryPlan {
  const keys = { startKeys: from.keys, endKeys: to.keys } as Pick<RxQueryPlan, 'startKeys' | 'endKeys'>;
  return { ...plan, ...keys, inclusiveStart: from.isIncluded, inclusiveEnd: to.isIncluded };
}
