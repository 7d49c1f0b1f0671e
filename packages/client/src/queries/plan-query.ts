import {
  clone,
  type FilledMangoQuery,
  type MangoQuery,
  normalizeMangoQuery,
  prepareQuery,
  type RxDocumentData,
  type RxJsonSchema,
} from 'rxdb';
import { isByIdQuery, type QueryShape } from './query-shape.ts';
import { BY_ID, type ReadPlan, toReadPlan } from './read-plan.ts';
import type { QueryOf } from './rx-types.ts';

type Schema = RxJsonSchema<RxDocumentData<unknown>>;

/** How the storage goes about a query of this shape. `extraIndex`: as if the schema had this index, too. */
export function planQuery(query: QueryOf<unknown>, shape: QueryShape, extraIndex?: readonly string[]): ReadPlan {
  if (isByIdQuery(query)) return BY_ID;
  const { jsonSchema, primaryPath } = query.collection.schema;
  const schema = extraIndex === undefined ? jsonSchema : withIndex(jsonSchema as Schema, extraIndex, primaryPath);
  return toReadPlan(prepare(schema as Schema, query, shape).queryPlan, shape, primaryPath);
}

/** As a query of the collection does it itself, but for the schema. */
function prepare(schema: Schema, { mangoQuery, op }: QueryOf<unknown>, { sort }: QueryShape) {
  const asked = { ...mangoQuery, ...(sort.length > 0 ? { sort } : {}) } as MangoQuery<unknown>;
  const filled = clone(normalizeMangoQuery(schema, asked, op === 'count'));
  const selector = { ...filled.selector, _deleted: { $eq: false } };
  const index = filled.index && { index: ['_deleted', ...filled.index] };
  return prepareQuery(schema, { ...filled, selector, ...index } as FilledMangoQuery<unknown>);
}

function withIndex(schema: Schema, index: readonly string[], primaryKey: string): Schema {
  const filled = ['_deleted', ...index, ...(index.includes(primaryKey) ? [] : [primaryKey])];
  return { ...schema, indexes: [...(schema.indexes ?? []), filled] };
}
