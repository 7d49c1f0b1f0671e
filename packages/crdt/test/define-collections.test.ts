import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  type CollectionSchema,
  DefinitionError,
  type DocumentOf,
  defineCollections,
  type FromSchema,
  type MergeKinds,
} from '../src/index.ts';

const schema = {
  version: 0,
  primaryKey: 'id',
  type: 'object',
  properties: { id: { type: 'string' }, updatedAt: { type: 'integer' } },
} as const satisfies CollectionSchema;

test('[CR120] a definition comes back with the plan of its documents', () => {
  const { notes } = defineCollections({ notes: { schema } });
  expect(notes.schema).toBe(schema);
  expect([...notes.plan.leaves]).toEqual(['updatedAt']);
});

describe('[CR121] a definition that cannot work is a DefinitionError that names the collection', () => {
  test.each<[string, string, object]>([
    ['upper case', 'Notes', schema],
    ['a digit first', '1notes', schema],
    ['no schema', 'notes', { schema: undefined }],
    ['a missing primary key', 'notes', { ...schema, primaryKey: 'nope' }],
    ['an inherited primary key', 'notes', { ...schema, primaryKey: 'toString' }],
    ['a missing composite key', 'notes', { ...schema, primaryKey: { key: 'nope', fields: ['id'], separator: '|' } }],
    ['no properties', 'notes', { ...schema, properties: undefined }],
    ['a missing required field', 'notes', { ...schema, required: ['nope'] }],
    ['an index on a missing field', 'notes', { ...schema, indexes: ['nope'] }],
    ['a compound index on a missing field', 'notes', { ...schema, indexes: [['updatedAt', 'nope']] }],
  ])('%s', (_name, collection, given) => {
    const definition = { schema: given, ...('schema' in given ? given : {}) } as { schema: CollectionSchema };
    expect(() => defineCollections({ [collection]: definition })).toThrow(DefinitionError);
    expect(() => defineCollections({ [collection]: definition })).toThrow(collection);
  });
});

test("[CR122] an index may name a nested field, several fields, and RxDB's own", () => {
  const updatedAt = { type: 'integer', minimum: 0, maximum: 1e15, multipleOf: 1 };
  const city = { type: 'string', maxLength: 50 };
  const place = { type: 'object', properties: { city }, required: ['city'] };
  const properties = { id: { type: 'string', maxLength: 20 }, updatedAt, place };
  const indexes = ['updatedAt', ['updatedAt', 'id'], 'place.city', '_meta.lwt'];
  const indexed = { ...schema, properties, required: ['updatedAt', 'place'], indexes };
  expect(() => defineCollections({ notes: { schema: indexed } })).not.toThrow();
});

test('[CR123] a name that was not defined finds nothing, whatever it is', () => {
  const collections: { [name: string]: unknown } = defineCollections({ notes: { schema } });
  expect(['constructor', '__proto__', 'toString'].map((name) => collections[name])).toEqual(Array(3).fill(undefined));
});

test('[CR124] the document type is inferred from the schema', () => {
  const { notes } = defineCollections({
    notes: {
      schema: {
        version: 0,
        primaryKey: 'id',
        type: 'object',
        properties: {
          id: { type: 'string' },
          title: { type: 'string' },
          count: { type: 'integer' },
          state: { enum: ['open', 'done'] },
          kind: { const: 'note' },
          due: { type: ['number', 'null'] },
          tags: { type: 'array', items: { type: 'string' } },
          anything: { type: 'array' },
          free: { type: 'object' },
          address: {
            type: 'object',
            properties: { city: { type: 'string' }, zip: { type: 'string' } },
            required: ['city'],
          },
        },
        required: ['title'],
      },
    },
  });
  expectTypeOf<DocumentOf<typeof notes.schema>>().toEqualTypeOf<{
    id: string;
    title: string;
    count?: number;
    state?: 'open' | 'done';
    kind?: 'note';
    due?: number | null;
    tags?: string[];
    anything?: unknown[];
    free?: { [name: string]: unknown };
    address?: { city: string; zip?: string };
  }>();
});

test('[CR125] a composite primary key is always there too', () => {
  const composite = {
    ...schema,
    primaryKey: { key: 'id', fields: ['updatedAt'], separator: '|' },
  } as const satisfies CollectionSchema;
  expectTypeOf<DocumentOf<typeof composite>>().toEqualTypeOf<{ id: string; updatedAt?: number }>();
});

test('[CR126] a schema without a type admits anything', () => {
  expectTypeOf<FromSchema<{ readonly description: 'any' }>>().toEqualTypeOf<unknown>();
});

const rich = {
  version: 0,
  primaryKey: 'id',
  type: 'object',
  properties: {
    id: { type: 'string' },
    body: { type: 'string' },
    due: { type: ['string', 'null'] },
    tags: { type: 'array', items: { type: 'string' } },
    steps: { type: 'array' },
    likes: { type: 'integer' },
    address: { type: 'object', properties: { city: { type: 'string' } } },
  },
} as const satisfies CollectionSchema;

function kindOf(field: string) {
  if (field === 'likes') return 'counter';
  return field === 'tags' ? 'set' : 'text';
}

test('[CR127] the plan names the kind of each field that is no register', () => {
  const merge = { body: 'text', tags: 'set', steps: 'list', likes: 'counter' } as const;
  const { notes } = defineCollections({ notes: { schema: rich, merge } });
  expect(Object.fromEntries(notes.plan.kinds)).toEqual(merge);
  expect([...notes.plan.leaves]).toEqual(['due', 'address.city']);
});

describe('[CR128] a merge kind that cannot work is a DefinitionError that names the field', () => {
  test.each<[string, string, string]>([
    ['an unknown kind', 'body', 'journal'],
    ['an inherited kind', 'body', 'toString'],
    ['a missing field', 'nope', 'text'],
    ['a nested field', 'address.city', 'text'],
    ['the primary key', 'id', 'text'],
    ['a list as text', 'steps', 'text'],
    ['a text as set', 'body', 'set'],
    ['a text as list', 'body', 'list'],
    ['a text as counter', 'body', 'counter'],
    ['a text that may be null', 'due', 'text'],
  ])('%s', (_name, field, kind) => {
    const definition = { schema: rich, merge: { [field]: kind } } as unknown as { schema: CollectionSchema };
    expect(() => defineCollections({ notes: definition })).toThrow(DefinitionError);
    expect(() => defineCollections({ notes: definition })).toThrow(`notes: '${field}' cannot merge as ${kind}`);
  });

  test.each(['body', 'tags', 'likes'])('%s in an index', (field) => {
    const schema: CollectionSchema = { ...rich, indexes: ['address.city', ['address.city', field]] };
    const merge: MergeKinds = { [field]: kindOf(field) };
    expect(() => defineCollections({ notes: { schema, merge } as { schema: CollectionSchema } })).toThrow(
      `'${field}' cannot merge as ${merge[field]}: it is in an index`,
    );
  });
});

test('[CR129] merge kinds are checked against the schema by their types', () => {
  const define = () => {
    // @ts-expect-error: the schema has no such property
    defineCollections({ notes: { schema: rich, merge: { nope: 'text' } } });
    // @ts-expect-error: a number is no text
    defineCollections({ notes: { schema: rich, merge: { likes: 'text' } } });
    // @ts-expect-error: a kind that does not exist
    defineCollections({ notes: { schema: rich, merge: { body: 'journal' } } });
  };
  expect(define).toThrow(DefinitionError);
});
