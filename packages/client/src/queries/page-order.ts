import type { CollectionSchema, PropertySchema } from '@breakwater/crdt';
import type { Selector, SortPart } from './query-shape.ts';
import type { QueryOf } from './rx-types.ts';

export interface OrderField {
  readonly name: string;
  readonly isDescending: boolean;
  readonly property: PropertySchema;
}

/** By which fields documents are put in order; the primary key is the last of them, so that no two are alike. */
export interface PageOrder {
  readonly fields: readonly OrderField[];
  readonly primaryKey: string;
}

/** A document's place: its value of each field of the order. */
export type Key = readonly unknown[];

export type StoredFields = { readonly [field: string]: unknown };

const PAGED_TYPES = new Set(['string', 'number', 'integer', 'boolean', 'null']);

/**
 * The order of a query's results. Documents that are alike come in the order of their primary keys: downwards if the field
 * before them goes downwards, unless the query says otherwise, so that an index can be read in one direction.
 *
 * @throws TypeError when a field of the order cannot be compared.
 */
export function orderOf({ collection, normalizedQuery, mangoQuery }: QueryOf<unknown>): PageOrder {
  const schema = collection.schema.jsonSchema as unknown as CollectionSchema;
  const primaryKey = String(collection.schema.primaryPath);
  const given = mangoQuery.sort ?? normalizedQuery.sort;
  const parts = (given as readonly SortPart[]).flatMap((part) => Object.entries(part));
  const fixed = fixedFields((normalizedQuery.selector ?? {}) as Selector);
  const named = parts.filter(([name]) => name !== '_deleted' && (name === primaryKey || !fixed.has(name)));
  // What comes after the primary key decides nothing.
  const end = named.findIndex(([name]) => name === primaryKey);
  const lastDirection = parts.at(-1)?.[1] ?? 'asc';
  const sort = end < 0 ? [...named, [primaryKey, lastDirection] as const] : named.slice(0, end + 1);
  const fields = sort.map(([name, direction]) => {
    return { name, isDescending: direction === 'desc', property: requireComparable(collection.name, schema, name) };
  });
  return { fields, primaryKey };
}

export function keyOf({ fields }: PageOrder, document: StoredFields): Key {
  return fields.map(({ name }) => valueIn(document, name));
}

export function flip({ fields, primaryKey }: PageOrder): PageOrder {
  return { primaryKey, fields: fields.map((field) => ({ ...field, isDescending: !field.isDescending })) };
}

export function toSort({ fields }: PageOrder): SortPart[] {
  return fields.map(({ name, isDescending }) => ({ [name]: isDescending ? 'desc' : 'asc' }));
}

/** Fields that have one value in all results. */
function fixedFields(selector: Selector): Set<string> {
  const isFixed = ([name, condition]: readonly [string, unknown]) =>
    !name.startsWith('$') && isScalar((condition as Selector).$eq);
  return new Set(
    Object.entries(selector)
      .filter(isFixed)
      .map(([name]) => name),
  );
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function requireComparable(collection: string, schema: CollectionSchema, field: string): PropertySchema {
  let at: PropertySchema | undefined = schema as unknown as PropertySchema;
  for (const name of field.split('.')) at = at?.properties?.[name];
  if (at === undefined) throw new TypeError(`paginate: the schema of ${collection} has no field '${field}' to sort by`);
  const types = typeof at.type === 'string' ? [at.type] : (at.type ?? []);
  const values = types.filter((type) => type !== 'null');
  if (values.length === 1 && values.every((type) => PAGED_TYPES.has(type))) return at;
  throw new TypeError(
    `paginate: ${collection} cannot be sorted by '${field}', whose type is ${JSON.stringify(at.type)}; sort by a text, a number or a boolean`,
  );
}

function valueIn(document: StoredFields, path: string): unknown {
  let at: unknown = document;
  for (const name of path.split('.')) at = (at as StoredFields | null | undefined)?.[name];
  return at;
}
