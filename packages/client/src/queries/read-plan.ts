import { INDEX_MAX, INDEX_MIN, type RxQueryPlan } from 'rxdb';
import type { QueryShape } from './query-shape.ts';

/**
 * What a query reads. `id`: its documents only, by their ids. `index`: its documents only. `range`: a part of an index,
 * of which it drops some documents or sorts all. `scan`: every document of the collection.
 */
export type Reads = 'id' | 'index' | 'range' | 'scan';

/** How the storage goes about a query, as RxDB's planner decided. */
export interface ReadPlan {
  readonly reads: Reads;
  /** The fields of the index, as the schema lists them; empty if it reads by id. */
  readonly index: readonly string[];
  /** Whether what the index range holds is what the selector asks for. */
  readonly isSelectorByIndex: boolean;
  /** Whether the index has the order that was asked for. */
  readonly isSortByIndex: boolean;
}

export const BY_ID: ReadPlan = { reads: 'id', index: [], isSelectorByIndex: true, isSortByIndex: true };

export function toReadPlan(plan: RxQueryPlan, shape: QueryShape, primaryKey: string): ReadPlan {
  const isSelectorByIndex = plan.selectorSatisfiedByIndex;
  // A count, and a query that leaves the order open, need none.
  const isSortByIndex = plan.sortSatisfiedByIndex || shape.kind === 'count' || shape.sort.length === 0;
  const index = indexFields(plan.index, primaryKey);
  return { reads: whatIsRead(plan, shape, isSortByIndex), index, isSelectorByIndex, isSortByIndex };
}

function whatIsRead(plan: RxQueryPlan, { isLimited, isSkipping }: QueryShape, isSortByIndex: boolean): Reads {
  const stopsInTime = plan.selectorSatisfiedByIndex && isSortByIndex;
  if (stopsInTime && !isSkipping) return 'index';
  // What is skipped is read, and no more.
  if (stopsInTime && isLimited) return 'range';
  if (!isBounded(plan)) return 'scan';
  return plan.selectorSatisfiedByIndex && !isLimited && !isSkipping ? 'index' : 'range';
}

/** Whether the first field of the index, after the one that says whether a document is deleted, has a bound. */
function isBounded({ index, startKeys, endKeys }: RxQueryPlan): boolean {
  const first = index[0] === '_deleted' ? 1 : 0;
  return isBound(startKeys[first]) || isBound(endKeys[first]);
}

function isBound(key: unknown): boolean {
  return key !== undefined && key !== INDEX_MIN && key !== INDEX_MAX;
}

/** Without what RxDB adds to every index: `_deleted` before it and the primary key after it. */
function indexFields(index: readonly string[], primaryKey: string): readonly string[] {
  const fields = index[0] === '_deleted' ? index.slice(1) : index;
  return fields.length > 1 && fields.at(-1) === primaryKey ? fields.slice(0, -1) : fields;
}
