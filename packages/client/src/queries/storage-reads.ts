import { type FilledMangoQuery, normalizeMangoQuery, prepareQuery, type RxQueryPlan } from 'rxdb';
import type { PageOrder, StoredFields } from './page-order.ts';
import { toSort } from './page-order.ts';
import type { Selector } from './query-shape.ts';
import type { QueryOf } from './rx-types.ts';

/** A stretch of the results of a query, as the storage is asked for it. */
export interface Stretch {
  readonly plan: RxQueryPlan;
  readonly order: PageOrder;
  /** Beside the query's own selector. */
  readonly where?: Selector;
  readonly limit?: number;
  readonly skip?: number;
}

/** Asks the storage itself: a query of RxDB's for every page would push others out of its cache. */
export interface StorageReads {
  /** How RxDB would read the results in this order. */
  planFor(order: PageOrder): RxQueryPlan;
  read(stretch: Stretch): Promise<readonly StoredFields[]>;
  count(stretch: Stretch): Promise<number>;
}

export function createStorageReads({ collection, normalizedQuery, mangoQuery }: QueryOf<unknown>): StorageReads {
  const schema = collection.schema.jsonSchema;
  const selector: Selector = { ...normalizedQuery.selector, _deleted: { $eq: false } };

  function fill({ order, where, limit, skip = 0 }: Omit<Stretch, 'plan'>): FilledMangoQuery<unknown> {
    const given = (selector.$and ?? []) as readonly Selector[];
    const whole = where === undefined ? selector : { ...selector, $and: [...given, where] };
    return { selector: whole, sort: toSort(order), skip, ...(limit === undefined ? {} : { limit }) } as never;
  }

  function prepare({ plan, ...stretch }: Stretch) {
    const queryPlan = stretch.where === undefined ? plan : { ...plan, selectorSatisfiedByIndex: false };
    return { query: fill(stretch), queryPlan };
  }

  return {
    planFor(order) {
      const query = fill({ order });
      const index = mangoQuery.index && normalizeMangoQuery(schema, mangoQuery).index;
      return prepareQuery(schema, index === undefined ? query : { ...query, index: ['_deleted', ...index] }).queryPlan;
    },
    async read(stretch) {
      if (stretch.limit === 0) return [];
      const { documents } = await collection.storageInstance.query(prepare(stretch) as never);
      return documents as unknown as readonly StoredFields[];
    },
    async count(stretch) {
      return (await collection.storageInstance.count(prepare(stretch) as never)).count;
    },
  };
}
