import type { RxQuery } from 'rxdb';

/** What is asked, whichever values are asked for: queries of one shape are served by the same index. */
export interface QueryShape {
  readonly collection: string;
  readonly kind: 'find' | 'count' | 'by id' | 'page';
  /** As in the query, with every value replaced by '?'. */
  readonly selector: Selector;
  /** Fields and directions, as the query names them; empty if it leaves the order open. */
  readonly sort: readonly SortPart[];
  readonly isLimited: boolean;
  readonly isSkipping: boolean;
}

export type Selector = { readonly [fieldOrOperator: string]: unknown };
export type SortPart = { readonly [field: string]: 'asc' | 'desc' };

/** Any query of any collection. */
export type AnyQuery = Pick<RxQuery<unknown, unknown>, 'op' | 'mangoQuery' | 'isFindOneByIdQuery'> & {
  readonly collection: { readonly name: string };
};

export function shapeOf(query: AnyQuery): QueryShape {
  const { op, mangoQuery, collection } = query;
  const isById = isByIdQuery(query);
  return {
    collection: collection.name,
    kind: isById ? 'by id' : op === 'count' ? 'count' : 'find',
    selector: isById ? {} : hideValues((mangoQuery.selector ?? {}) as Selector),
    sort: isById ? [] : ((mangoQuery.sort ?? []) as readonly SortPart[]),
    isLimited: !isById && (typeof mangoQuery.limit === 'number' || op === 'findOne'),
    isSkipping: !isById && (mangoQuery.skip ?? 0) > 0,
  };
}

export function isByIdQuery({ op, isFindOneByIdQuery }: AnyQuery): boolean {
  return op === 'findByIds' || Boolean(isFindOneByIdQuery);
}

/** The shape in words: `notes where country = ? and rating >= ?, sorted by title, limited`. Equal shapes read the same. */
export function describeShape({ collection, kind, selector, sort, isLimited, isSkipping }: QueryShape): string {
  if (kind === 'by id') return `${collection} by id`;
  const where = describeSelector(selector);
  const what = kind === 'find' ? collection : `${kind} of ${collection}`;
  return [
    `${what}${where === '' ? '' : ` where ${where}`}`,
    ...(sort.length === 0 ? [] : [`sorted by ${sort.map(describeSortPart).join(', ')}`]),
    ...(isSkipping ? ['skipping'] : []),
    ...(isLimited ? ['limited'] : []),
  ].join(', ');
}

/**
 * Equal for queries that differ in values only, unless they write their conditions in another order. Quick: it is asked for
 * each query that runs while somebody watches.
 */
export function shapeKeyOf({ op, mangoQuery }: AnyQuery): string {
  const { selector, sort, limit, skip } = mangoQuery;
  let key = typeof limit === 'number' ? `${op} limit` : op;
  if (skip) key += ' skip';
  if (sort !== undefined) for (const part of sort) for (const field in part) key += ` ${field} ${part[field as never]}`;
  return selector === undefined ? key : `${key}:${selectorKeyOf(selector as Selector)}`;
}

function selectorKeyOf(selector: Selector): string {
  let key = '';
  for (const name in selector) {
    const value = selector[name];
    key += `,${name}`;
    if (typeof value !== 'object' || value === null) {
      if (SHAPING.has(name)) key += `=${String(value)}`;
    } else if (LISTING.has(name) && Array.isArray(value)) {
      for (const part of value) key += `(${selectorKeyOf(part)})`;
    } else if (!Array.isArray(value) && (NESTING.has(name) || !isOperator(name))) {
      key += `{${selectorKeyOf(value as Selector)}}`;
    }
  }
  return key;
}

/** Operators whose value is part of the shape. */
const SHAPING = new Set(['$exists', '$type', '$size', '$options']);
const NESTING = new Set(['$not', '$elemMatch']);
const LISTING = new Set(['$and', '$or', '$nor']);

export function isOperator(name: string): boolean {
  return name.startsWith('$');
}

function hideValues(selector: Selector): Selector {
  return Object.fromEntries(Object.entries(selector).map(([name, value]) => [name, hideValue(name, value)]));
}

function hideValue(name: string, value: unknown): unknown {
  if (LISTING.has(name) && Array.isArray(value)) return value.map((part) => hideValues(part as Selector));
  if (SHAPING.has(name)) return value;
  if (isOperator(name)) return NESTING.has(name) && isPlainObject(value) ? hideValues(value) : '?';
  return isPlainObject(value) && Object.keys(value).some(isOperator) ? hideValues(value) : { $eq: '?' };
}

function isPlainObject(value: unknown): value is Selector {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

const SIGNS: { readonly [operator: string]: string } = {
  $eq: '=',
  $ne: '≠',
  $gt: '>',
  $gte: '>=',
  $lt: '<',
  $lte: '<=',
  $in: 'in',
  $nin: 'not in',
};

function describeSelector(selector: Selector): string {
  return Object.keys(selector)
    .sort()
    .map((name) => describeCondition(name, selector[name]))
    .join(' and ');
}

function describeCondition(name: string, value: unknown): string {
  if (Array.isArray(value)) {
    const parts = value.map((part) => describeSelector(part as Selector));
    return `${name === '$or' ? '' : name}(${parts.join(name === '$and' ? ' and ' : ' or ')})`;
  }
  const operators = Object.entries(value as Selector);
  return operators
    .map(([operator, operand]) => `${name} ${SIGNS[operator] ?? operator} ${describeOperand(operand)}`)
    .join(' and ');
}

function describeOperand(operand: unknown): string {
  return isPlainObject(operand) ? `(${describeSelector(operand)})` : String(operand);
}

function describeSortPart(part: SortPart): string {
  return Object.entries(part)
    .map(([field, direction]) => (direction === 'desc' ? `${field} desc` : field))
    .join(', ');
}
