import type { Json } from './json.ts';
import type { CollectionSchema, PropertySchema } from './schema.ts';

/** How a field merges, unless it is a register. The first three are *rich*: they live in the document's Yjs state. */
export type MergeKind = RichKind | 'counter';
export type RichKind = 'text' | 'list' | 'set';

/** The merge kind of each field that has one, by its name. */
export type MergeKinds = { readonly [field: string]: MergeKind };

export function isRichKind(kind: MergeKind): kind is RichKind {
  return kind !== 'counter';
}

/** What a field shows that was never written, or was emptied. */
export function emptyContent(kind: MergeKind): Json {
  if (kind === 'counter') return 0;
  return kind === 'text' ? '' : [];
}

type KindOf<P> = P extends { readonly type: 'string' }
  ? 'text'
  : P extends { readonly type: 'array' }
    ? 'list' | 'set'
    : P extends { readonly type: 'number' | 'integer' }
      ? 'counter'
      : never;

/** What the `merge` of a definition may be: a kind that fits, for properties that the schema has. */
export type MergeOf<S extends CollectionSchema, Given> = {
  readonly [F in keyof Given]: F extends keyof S['properties'] ? KindOf<S['properties'][F]> : never;
};

const TYPES: { readonly [K in MergeKind]: readonly string[] } = {
  text: ['string'],
  list: ['array'],
  set: ['array'],
  counter: ['number', 'integer'],
};

/** Why a field cannot merge as this kind, in words; undefined: it can. */
export function whyNot(schema: CollectionSchema, field: string, kind: MergeKind): string | undefined {
  if (!Object.hasOwn(TYPES, kind)) return `'${kind}' is no kind of merging: text, list, set and counter are`;
  if (!Object.hasOwn(schema.properties, field)) {
    const hint = field.includes('.') ? '; only fields at the top of a document can' : '';
    return `it is not among the schema's properties${hint}`;
  }
  if (keyFields(schema).includes(field)) return 'it is part of the primary key';
  const type = (schema.properties[field] as PropertySchema).type;
  if (typeof type !== 'string' || !TYPES[kind].includes(type)) {
    return `a ${kind} has the type ${TYPES[kind].join(' or ')}, and the schema says ${JSON.stringify(type)}`;
  }
  // A merged value obeys no maxLength, minimum or maximum, and RxDB's index keys are cut to fit those.
  if (isIndexed(schema, field)) return 'it is in an index';
  return undefined;
}

function keyFields({ primaryKey }: CollectionSchema): readonly string[] {
  return typeof primaryKey === 'string' ? [primaryKey] : [primaryKey.key, ...primaryKey.fields];
}

function isIndexed({ indexes = [] }: CollectionSchema, field: string): boolean {
  return indexes.flat().some((name) => name === field || name.startsWith(`${field}.`));
}
