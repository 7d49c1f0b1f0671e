import { type CollectionSchema, type MergeKind, whyNotIndexed } from '@breakwater/crdt';
import { capturedStorageOf } from '../storage/with-breakwater.ts';
import { planQuery } from './plan-query.ts';
import type { QueryShape, Selector } from './query-shape.ts';
import type { ReadPlan, Reads } from './read-plan.ts';
import type { QueryOf } from './rx-types.ts';

/** What would make a query read less. */
export interface IndexAdvice {
  /** The index to add to the collection's schema; undefined: no index helps, the text says what does. */
  readonly index: readonly string[] | undefined;
  /** What the schema must say first of the fields of the index, a sentence each. */
  readonly needs: readonly string[];
  readonly text: string;
}

const COST: { readonly [R in Reads]: number } = { id: 0, index: 0, range: 1, scan: 2 };

/**
 * The index that would serve a query better than those there are. RxDB's planner was asked: it would take this index.
 * Undefined: there is nothing to gain.
 */
export function advise(query: QueryOf<unknown>, shape: QueryShape, plan: ReadPlan): IndexAdvice | undefined {
  if (COST[plan.reads] === 0 && plan.isSortByIndex) return undefined;
  const schema = query.collection.schema.jsonSchema as unknown as CollectionSchema;
  const better = candidates(shape)
    .filter((index) => index.every((field) => isScalar(schema, field) && mergeKindOf(query, field) === undefined))
    .map((index) => ({ index, plan: planQuery(query, shape, index) }))
    .filter((candidate) => sameFields(candidate.plan.index, candidate.index) && isBetter(candidate.plan, plan))
    .reduce<Candidate | undefined>((best, next) => (best && !isBetter(next.plan, best.plan) ? best : next), undefined);
  return better === undefined ? adviseWithoutIndex(query, shape) : adviseIndex(schema, shape, better);
}

interface Candidate {
  readonly index: readonly string[];
  readonly plan: ReadPlan;
}

function adviseIndex(schema: CollectionSchema, { collection }: QueryShape, { index, plan }: Candidate): IndexAdvice {
  const needs = index.flatMap((field) => {
    const reason = whyNotIndexed(schema, field);
    return reason === undefined ? [] : [`'${field}' ${reason}`];
  });
  const gain = plan.reads === 'index' ? 'only what it returns' : 'a part of the index';
  const order = plan.isSortByIndex ? '' : ', and still sorts it';
  const first = needs.length === 0 ? '' : `; before that, ${needs.join('; ')}`;
  const text = `add the index [${index.map((field) => `'${field}'`).join(', ')}] to ${collection}: the query then reads ${gain}${order}${first}`;
  return { index, needs, text };
}

function adviseWithoutIndex(query: QueryOf<unknown>, shape: QueryShape): IndexAdvice | undefined {
  const text = whatElse(query, shape);
  return text === undefined ? undefined : { index: undefined, needs: [], text };
}

function whatElse(query: QueryOf<unknown>, { selector, sort, isSkipping }: QueryShape): string | undefined {
  const fields = [...Object.keys(selector), ...sort.flatMap((part) => Object.keys(part))];
  const merged = fields.find((field) => mergeKindOf(query, field) !== undefined);
  if (merged !== undefined) {
    return `no index can hold '${merged}', which merges as ${mergeKindOf(query, merged)}: keep what is searched in a field of its own`;
  }
  if ('$or' in selector) return 'no index serves $or: ask one query for each of its parts';
  if (operatorsIn(selector).has('$regex')) {
    return "no index serves $regex: a beginning is found by { $gte: text, $lt: text + '\\uffff' }, with an index";
  }
  if (isSkipping) return 'what is skipped is read all the same: paginate(query) starts where the page does';
  return sort.some((part) => Object.values(part).includes('desc'))
    ? 'no index is read backwards: sort by a field that holds the negative, or read pages by paginate(query)'
    : undefined;
}

/** Fields that are given first, then those that give the order, or a range. */
function candidates({ selector, sort, kind }: QueryShape): readonly (readonly string[])[] {
  const given = fieldsWith(selector, (operators) => operators.has('$eq'));
  const ranges = fieldsWith(
    selector,
    (operators) => !operators.has('$eq') && RANGE.some((name) => operators.has(name)),
  );
  const order =
    kind === 'count' ? [] : sort.flatMap((part) => Object.keys(part)).filter((field) => !given.includes(field));
  const tails = [
    order,
    ...ranges.map((field) => [field, ...order.filter((other) => other !== field)]),
    ...ranges.map((field) => [field]),
    [],
  ];
  return tails.map((tail) => [...given, ...tail]).filter((index) => index.length > 0);
}

const RANGE = ['$gt', '$gte', '$lt', '$lte', '$in'];

function fieldsWith(selector: Selector, test: (operators: ReadonlySet<string>) => boolean): string[] {
  return Object.keys(selector).filter((field) => !field.startsWith('$') && test(operatorsOf(selector[field])));
}

function operatorsOf(condition: unknown): Set<string> {
  return new Set(Object.keys(condition as Selector));
}

function operatorsIn(selector: Selector): Set<string> {
  return new Set(Object.values(selector).flatMap((condition) => [...operatorsOf(condition)]));
}

function isScalar(schema: CollectionSchema, field: string): boolean {
  let at: { readonly type?: unknown; readonly properties?: CollectionSchema['properties'] } | undefined = schema;
  for (const name of field.split('.')) at = at?.properties?.[name];
  return typeof at?.type === 'string' && ['string', 'number', 'integer', 'boolean'].includes(at.type);
}

/** What merges inside keeps to no maxLength, minimum or maximum, and defineCollections lets it into no index. */
function mergeKindOf({ collection }: QueryOf<unknown>, field: string): MergeKind | undefined {
  return capturedStorageOf(collection.storageInstance.originalStorageInstance)?.plan.kinds.get(field);
}

function sameFields(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((field, i) => field === b[i]);
}

function isBetter(a: ReadPlan, b: ReadPlan): boolean {
  if (COST[a.reads] !== COST[b.reads]) return COST[a.reads] < COST[b.reads];
  if (a.isSortByIndex !== b.isSortByIndex) return a.isSortByIndex;
  return a.index.length < b.index.length && a.isSelectorByIndex === b.isSelectorByIndex;
}
