import { advise, type IndexAdvice } from './advise.ts';
import { planQuery } from './plan-query.ts';
import { describeShape, type QueryShape, shapeOf } from './query-shape.ts';
import type { ReadPlan } from './read-plan.ts';
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
  const advice = advise(query, shape, plan);
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
