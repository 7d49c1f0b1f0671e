import type { RxQueryPlan } from 'rxdb';
import { advise, type IndexAdvice } from './advise.ts';
import { planQuery } from './plan-query.ts';
import { describeShape, type QueryShape, type SortPart, shapeOf } from './query-shape.ts';
import { type ReadPlan, toReadPlan } from './read-plan.ts';
import type { QueryOf } from './rx-types.ts';

/** What a query reads and why. Values of the selector are not in it. */
export interface QueryExplanation extends QueryShape, ReadPlan {
  /** The query in words. */
  readonly shape: string;
  /** Undefined: no index would serve it better. */
  readonly advice: IndexAdvice | undefined;
  /** All of it, to be read: several lines. */
  readonly text: string;
}

/**
 * Says what a query would read if it ran now, and which index would serve it better. It does not run the query.
 *
 * @example console.log(explain(db.notes.find({ selector: { country: 'NO' } })).text)
 */
export function explain<D>(query: QueryOf<D>): QueryExplanation {
  // A query of any documents is asked nothing but its plan.
  return explainQuery(query as unknown as QueryOf<unknown>);
}

export function explainQuery(query: QueryOf<unknown>): QueryExplanation {
  const shape = shapeOf(query);
  const plan = planQuery(query, shape);
  return toExplanation(shape, plan, advise(query, shape, plan));
}

/** What paginate reads for a page of the query. */
export function explainPage(query: QueryOf<unknown>, plan: RxQueryPlan): QueryExplanation {
  const shape: QueryShape = { ...shapeOf(query), kind: 'page', isLimited: true };
  // It reads an index downwards as well as upwards.
  const upwards = { ...shape, sort: shape.sort.every(isDescending) ? shape.sort.map(turn) : shape.sort };
  const readPlan = toReadPlan(plan, upwards, String(query.collection.schema.primaryPath));
  return toExplanation(shape, readPlan, advise(query, upwards, readPlan));
}

const isDescending = (part: SortPart) => Object.values(part).every((direction) => direction === 'desc');
const turn = (part: SortPart): SortPart => Object.fromEntries(Object.keys(part).map((field) => [field, 'asc']));

function toExplanation(shape: QueryShape, plan: ReadPlan, advice: IndexAdvice | undefined): QueryExplanation {
  const words = describeShape(shape);
  const text = [
    words,
    `  reads ${describeReads(plan)}`,
    ...(advice === undefined ? [] : [`  advice: ${advice.text}`]),
  ].join('\n');
  return { ...shape, ...plan, shape: words, advice, text };
}

export function describeReads({ reads, index, isSortByIndex }: ReadPlan): string {
  const name = `[${index.join(', ')}]`;
  const sorting = isSortByIndex ? '' : ' and sorts it in memory';
  switch (reads) {
    case 'id':
      return 'its documents by their ids';
    case 'index':
      return `only what it returns, by the index ${name}${sorting}`;
    case 'range':
      return `a part of the index ${name}, more than it returns${sorting}`;
    case 'scan':
      return `every document of the collection (full scan, by the index ${name})${sorting}`;
  }
}
