import type { RxQueryPlan } from 'rxdb';
import type { QueryOf } from './rx-types.ts';

/** Hears of the queries of one database. */
export interface QueryObserver {
  /** A query was answered by the storage, or by the documents that RxDB holds if it asked by id. */
  onRun(query: QueryOf<unknown>, ms: number, documents: number): void;
  /** The result of a live query was brought up to date in memory; the storage was not asked. */
  onUpdate(query: QueryOf<unknown>, ms: number, documents: number): void;
  /** A page of a query's results was read, by this plan. */
  onPage(query: QueryOf<unknown>, ms: number, documents: number, plan: RxQueryPlan): void;
}

/** Empty while nobody watches. */
export const observersByDatabase = new Map<object, Set<QueryObserver>>();
