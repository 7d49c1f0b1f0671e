import { INDEX_MAX, INDEX_MIN, type RxQueryPlan } from 'rxdb';
import { midpoint } from './midpoint.ts';
import { type Key, keyOf, type PageOrder, type StoredFields } from './page-order.ts';
import type { PageReader } from './page-reader.ts';
import type { StorageReads } from './storage-reads.ts';

/** One end of a stretch of the index. */
interface Edge {
  readonly keys: readonly unknown[];
  readonly isIncluded: boolean;
}

/** Walking over this many entries takes less time than counting once more would save. */
const NEAR = 150;

/** Steps of a search that tell nothing new, after which it looks at a document. */
const MOST_IDLE = 6;

/** No search needs as many; what is left then is walked over. */
const MOST_STEPS = 300;

/** Greater than every letter that follows. */
const AFTER_ALL = '\uffff';

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

  /** Where the index has these values; the fields behind them are filled with what comes before, or after, all others. */
  function edgeAt(values: Key, isIncluded: boolean, rest: unknown = INDEX_MIN): Edge {
    // A field of one value is the query's own; it may stand anywhere in the index.
    const keys = orderIndexes.map((at, i) => (at < 0 ? plan.startKeys[i] : at < values.length ? values[at] : rest));
    return { keys, isIncluded };
  }

  /** Of the first field of the order, if the query bounds it. */
  function firstValue({ keys }: Edge): unknown {
    const key = keys[orderIndexes.indexOf(0)];
    return isValue(key) ? key : undefined;
  }

  /** Where to enter the index so that `row` is only a few entries away, and the row of that place. */
  async function approach(row: number): Promise<{ edge: Edge; row: number }> {
    const prefix: unknown[] = [];
    let cell = { low: start, high: end, lowest: firstValue(start), highest: firstValue(end) };
    let before = 0;
    let size = await count(start, end);
    let idle = 0;

    /** All documents with this value are on one side of the row, or the search goes on among them. */
    async function lookAtFirst(): Promise<boolean> {
      const [first] = await reads.read({ ...between(cell.low, cell.high), limit: 1 });
      const field = fields[prefix.length];
      if (first === undefined || field === undefined) return false;
      const value = keyOf(order, first)[prefix.length];
      const [low, high] = [edgeAt([...prefix, value], true), edgeAt([...prefix, value], true, INDEX_MAX)];
      const same = await count(low, high);
      if (row < before + same) {
        prefix.push(value);
        cell = { low, high, lowest: undefined, highest: undefined };
        size = same;
        return true;
      }
      before += same;
      size -= same;
      cell = { ...cell, low: { ...high, isIncluded: false }, lowest: value };
      if (typeof value === 'string') await narrow(value);
      return true;
    }

    /** Texts in one stretch often begin alike: what they share need not be searched letter by letter. */
    async function narrow(value: string): Promise<void> {
      let shared = sharedLength(value, String(cell.highest ?? ''));
      let tooLong = value.length;
      while (tooLong - shared > 1) {
        const length = Math.floor((shared + tooLong) / 2);
        const highest = value.slice(0, length) + AFTER_ALL;
        const high = edgeAt([...prefix, highest], false);
        if ((await count(cell.low, high)) === size) {
          cell = { ...cell, high, highest };
          shared = length;
        } else tooLong = length;
      }
    }

    for (let step = 0; step < MOST_STEPS && row - before > NEAR; step++) {
      const field = fields[prefix.length];
      const middle = field && midpoint(field.property, cell.lowest, cell.highest);
      if (middle === undefined || idle >= MOST_IDLE) {
        idle = 0;
        if (!(await lookAtFirst())) break;
        continue;
      }
      const edge = edgeAt([...prefix, middle], false);
      const below = await count(cell.low, edge);
      idle = below === 0 || below === size ? idle + 1 : 0;
      if (before + below <= row) {
        before += below;
        size -= below;
        cell = { ...cell, low: { ...edge, isIncluded: true }, lowest: middle };
      } else {
        size = below;
        cell = { ...cell, high: edge, highest: middle };
      }
    }
    // Others may have written meanwhile, or the storage has another order of letters: then it is walked from the start.
    return (await count(start, until(cell.low))) === before ? { edge: cell.low, row: before } : { edge: start, row: 0 };
  }

  async function readBefore(to: Edge, limit: number): Promise<readonly StoredFields[]> {
    const from = Math.max(0, (await count(start, to)) - limit);
    const entry = await approach(from);
    const found = await reads.read({ ...between(entry.edge, to), skip: from - entry.row });
    return limit === 0 ? [] : found.slice(-limit);
  }

  return {
    isByIndex: true,
    plan,
    after: (key, limit, isIncluded = false) =>
      reads.read({ ...between(key === undefined ? start : edgeAt(key, isIncluded), end), limit }),
    before: (key, limit, isIncluded = false) => readBefore(key === undefined ? end : edgeAt(key, isIncluded), limit),
    hasBefore: async (key) => (await reads.read({ ...between(start, edgeAt(key, false)), limit: 1 })).length > 0,
    hasAfter: async (key) => (await reads.read({ ...between(edgeAt(key, false), end), limit: 1 })).length > 0,
    async at(row, limit) {
      const entry = await approach(row);
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

/** What is before an edge that something begins at. */
function until({ keys, isIncluded }: Edge): Edge {
  return { keys, isIncluded: !isIncluded };
}

function sharedLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

function withEdges(plan: RxQueryPlan, from: Edge, to: Edge): RxQueryPlan {
  const keys = { startKeys: from.keys, endKeys: to.keys } as Pick<RxQueryPlan, 'startKeys' | 'endKeys'>;
  return { ...plan, ...keys, inclusiveStart: from.isIncluded, inclusiveEnd: to.isIncluded };
}
