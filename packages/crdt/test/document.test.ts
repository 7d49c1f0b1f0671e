import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addRequiredFields,
  assembleFields,
  type CollectionSchema,
  type JsonObject,
  type Path,
  planDocument,
  readDocument,
  toPath,
  ValueError,
  valueAt,
} from '../src/index.ts';
import { values } from './arbitraries.ts';
import { checkProperty } from './check-property.ts';
import { at, whole } from './states.ts';

const schema = {
  version: 0,
  primaryKey: 'id',
  type: 'object',
  properties: {
    id: { type: 'string' },
    title: { type: 'string' },
    tags: { type: 'array', items: { type: 'string' } },
    blob: { type: 'object' },
    address: {
      type: 'object',
      properties: {
        city: { type: 'string' },
        'zip.code': { type: 'string' },
        geo: { type: 'object', properties: { lat: { type: 'number' } } },
      },
    },
    settings: { type: 'object', properties: { theme: { type: 'string' } } },
  },
  required: ['settings'],
} as const satisfies CollectionSchema;
const plan = planDocument(schema);

function leavesOf(document: { [name: string]: unknown }): { [path: string]: unknown } {
  return Object.fromEntries(readDocument(plan, document).leaves);
}

function changesOf(document: { [name: string]: unknown }): { [name: string]: unknown } {
  return Object.fromEntries(readDocument(plan, document).changedFields);
}

test('[CR100] declared objects are cut into leaves; everything else is one value', () => {
  const document = {
    id: 'n1',
    title: 'a',
    tags: ['x'],
    blob: { deep: { er: 1 } },
    address: { city: 'Bern', 'zip.code': '3000', geo: { lat: 46.9 } },
  };
  expect(leavesOf(document)).toEqual({
    title: 'a',
    tags: ['x'],
    blob: { deep: { er: 1 } },
    'address.city': 'Bern',
    'address.zip%2Ecode': '3000',
    'address.geo.lat': 46.9,
  });
});

test('[CR101] fields that the schema does not declare are leaves too, at every level', () => {
  expect(leavesOf({ extra: { a: 1 }, address: { street: { no: 1 } } })).toEqual({
    extra: { a: 1 },
    'address.street': { no: 1 },
  });
});

test("[CR102] the primary key and RxDB's own properties are no leaves", () => {
  expect(leavesOf({ id: 'n1', _rev: '1-a', _meta: { lwt: 1 }, _attachments: {}, _deleted: false })).toEqual({});
});

test('[CR103] a declared object without a leaf goes, unless it is required', () => {
  expect(changesOf({ address: { geo: {} }, settings: {} })).toEqual({ address: undefined });
});

test('[CR104] a field whose value is undefined goes', () => {
  expect(changesOf({ title: undefined, address: { city: undefined, 'zip.code': '1' } })).toStrictEqual({
    title: undefined,
    address: { 'zip.code': '1' },
  });
});

test('[CR105] changed fields are those that normalising changed', () => {
  expect(changesOf({ title: 'a', extra: -0, blob: { a: Number.NaN }, address: { geo: { lat: -0 } } })).toStrictEqual({
    extra: 0,
    blob: { a: null },
    address: { geo: { lat: 0 } },
  });
});

test('[CR106] frozen input is left alone', () => {
  const geo = Object.freeze({ lat: Number.NaN });
  const document = Object.freeze({ id: 'n1', address: Object.freeze({ geo, city: undefined }) });
  expect(changesOf(document)).toEqual({ address: { geo: { lat: null } } });
  expect(document).toEqual({ id: 'n1', address: { geo: { lat: Number.NaN }, city: undefined } });
});

describe('[CR107] a value that cannot be stored is a ValueError that names its path', () => {
  test.each<[string, { [name: string]: unknown }]>([
    ['title', { title: 1n }],
    ['address.zip%2Ecode', { address: { 'zip.code': () => 1 } }],
    ['address', { address: null }],
    ['address', { address: ['a'] }],
    ['address', { address: Symbol('s') }],
    ['address', { address: new Date() }],
    ['address.geo', { address: { geo: 'here' } }],
    ['__proto__', JSON.parse('{"__proto__": 1}')],
    ['address.__proto__', { address: JSON.parse('{"__proto__": 1}') }],
    ['\ud800', { '\ud800': 1 }],
    ['address.\ud800', { address: { '\ud800': 1 } }],
  ])('%s', (path, document) => {
    expect(() => readDocument(plan, document)).toThrow(ValueError);
    expect(() => readDocument(plan, document)).toThrow(`${path}: `);
  });
});

test('[CR108] a document comes back from its leaves', () => {
  const fields = fc.record(
    {
      title: values,
      blob: values,
      extra: values,
      address: fc.record(
        { city: values, 'zip.code': values, '%': values, geo: fc.record({ lat: values }, { noNullPrototype: true }) },
        { requiredKeys: ['city'], noNullPrototype: true },
      ),
      settings: fc.record({ theme: values }, { requiredKeys: [], noNullPrototype: true }),
    },
    { requiredKeys: ['settings'], noNullPrototype: true },
  );
  checkProperty(
    fc.property(fields, (document) => {
      const leaves = readDocument(plan, document).leaves;
      const state = whole(Object.fromEntries([...leaves].map(([path, value]) => [path, [at(1), value] as const])));
      const assembled = assembleFields(state);
      addRequiredFields(plan, assembled);
      expect(assembled).toEqual(document);
      for (const [path, value] of leaves) expect(valueAt(document, path)).toBe(value);
    }),
  );
});

test("[CR109] deletion, attachments and what is RxDB's own are no fields of an assembled document", () => {
  const registers = ['_deleted', '_deleted.x', '_attachments.a', '_attachments', '_meta', '_meta.lwt', '_rev'];
  const state = whole(Object.fromEntries(registers.map((path) => [path, [at(1), 1] as const])));
  expect(assembleFields(state)).toEqual({});
});

test('[CR110] only included paths are assembled', () => {
  const state = whole({ a: [at(1), 1], b: [at(1), 2] });
  expect(assembleFields(state, (path) => path === 'b')).toEqual({ b: 2 });
});

test("[CR111] leaves lie on top of a value at their parent's path, which stays what it was", () => {
  const parent = Object.freeze({ x: Object.freeze({ y: 1 }), z: 1 }) as unknown as JsonObject;
  const state = whole({ a: [at(1), parent], 'a.x.w': [at(1), 2], 'a.v': [at(1), 3] });
  expect(assembleFields(state)).toEqual({ a: { x: { y: 1, w: 2 }, z: 1, v: 3 } });
  expect(parent).toEqual({ x: { y: 1 }, z: 1 });
});

test('[CR112] a leaf replaces a parent that is no object', () => {
  expect(assembleFields(whole({ a: [at(1), ['x']], 'a.b': [at(1), 2] }))).toEqual({ a: { b: 2 } });
});

test('[CR113] names of Object.prototype are names like any other', () => {
  expect(assembleFields(whole({ 'constructor.name': [at(1), 2], toString: [at(1), 1] as const }))).toEqual({
    constructor: { name: 2 },
    toString: 1,
  });
  expect(valueAt({}, 'constructor' as Path)).toBeUndefined();
  expect(valueAt({ a: {} }, 'a.constructor' as Path)).toBeUndefined();
});

test('[CR114] required branches are added where they are missing, and nowhere else', () => {
  const nested = planDocument({
    ...schema,
    properties: {
      id: { type: 'string' },
      outer: {
        type: 'object',
        properties: { inner: { type: 'object', properties: {} } },
        required: ['inner'],
      },
    },
    required: [],
  });
  const [without, withOuter, withText]: JsonObject[] = [
    {},
    { outer: Object.freeze({}) as JsonObject },
    { outer: 'text' },
  ];
  for (const document of [without, withOuter, withText]) addRequiredFields(nested, document as JsonObject);
  expect([without, withOuter, withText]).toEqual([{}, { outer: { inner: {} } }, { outer: 'text' }]);
});

test('[CR114] and so are required leaves: with what the schema names, or the least value of their type', () => {
  const properties = {
    id: { type: 'string' },
    named: { type: 'string', default: 'new' },
    only: { const: 'note' },
    choice: { type: 'string', enum: ['low', 'high'] },
    text: { type: 'string' },
    grade: { type: 'integer', minimum: 1, maximum: 6 },
    depth: { type: 'number', maximum: -1 },
    done: { type: 'boolean' },
    list: { type: ['array', 'null'] },
    any: {},
    optional: { type: 'string' },
    place: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  } as const;
  const required = Object.keys(properties).filter((name) => name !== 'optional' && name !== 'place');
  const strict = planDocument({ version: 0, primaryKey: 'id', type: 'object', properties, required });
  const [without, withPlace]: JsonObject[] = [{ text: 'there' }, { place: {}, done: true }];
  for (const document of [without, withPlace]) addRequiredFields(strict, document as JsonObject);
  const added = { named: 'new', only: 'note', choice: 'low', grade: 1, depth: -1, list: [] };
  expect(without).toEqual({ ...added, text: 'there', done: false });
  expect(withPlace).toEqual({ ...added, text: '', done: true, place: { city: '' } });
});

test('[CR115] valueAt finds what lies at a path, or nothing', () => {
  const document = { a: { 'b.c': [1] }, text: 'x', none: null };
  expect(valueAt(document, toPath(['a', 'b.c']))).toEqual([1]);
  expect(valueAt(document, toPath(['a', 'b', 'c']))).toBeUndefined();
  expect(valueAt(document, toPath(['text', 'length']))).toBeUndefined();
  expect(valueAt(document, toPath(['none', 'x']))).toBeUndefined();
});

test("[CR116] the plan has no place for RxDB's own properties", () => {
  const filled = planDocument({
    ...schema,
    properties: {
      ...schema.properties,
      _deleted: { type: 'boolean' },
      _rev: { type: 'string' },
      _attachments: { type: 'object' },
      _meta: { type: 'object', properties: { lwt: { type: 'number' } } },
    },
    required: ['settings', '_meta', '_deleted'],
  });
  expect(filled).toEqual(plan);
});
