import { describe, expect, it, test } from 'vitest';
import { type CollectionSchema, DefinitionError, defineCollections } from '../src/index.ts';

const city = { type: 'string', maxLength: 60 };
const rating = { type: 'integer', minimum: 0, maximum: 5, multipleOf: 1 };

/** A schema that can be indexed by every field, but for what a test changes. */
function define(indexes: CollectionSchema['indexes'], changes: Partial<CollectionSchema> = {}, fields: object = {}) {
  const schema: CollectionSchema = {
    version: 0,
    primaryKey: 'id',
    type: 'object',
    properties: {
      id: { type: 'string', maxLength: 40 },
      title: { type: 'string', maxLength: 100 },
      rating,
      visited: { type: 'boolean' },
      tags: { type: 'array', items: { type: 'string' } },
      place: { type: 'object', properties: { city }, required: ['city'] },
      ...fields,
    },
    required: ['title', 'rating', 'visited', 'tags', 'place'],
    ...(indexes === undefined ? {} : { indexes }),
    ...changes,
  };
  return () => defineCollections({ notes: { schema } });
}

it('[DX1] an index may name required texts with a length, bounded numbers, booleans and the primary key', () => {
  expect(define(['title', 'rating', 'visited', ['place.city', 'rating', 'id'], '_meta.lwt'])).not.toThrow();
});

describe('[DX2] an index on a field that the schema does not have names collection, index and field', () => {
  test.each<[string, string | string[], string]>([
    ['at the top', 'titel', "notes: the index 'titel' cannot work: 'titel' is not among the schema's properties"],
    ['inside', 'place.town', "notes: the index 'place.town' cannot work: 'place.town' is not among"],
    ['one of several', ['title', 'nope'], "notes: the index ['title', 'nope'] cannot work: 'nope' is not among"],
    ['inherited', 'toString', "notes: the index 'toString' cannot work: 'toString' is not among"],
    ['beyond a text', 'title.length', "'title.length' is not among"],
  ])('%s', (_name, index, message) => {
    expect(define([index])).toThrow(DefinitionError);
    expect(define([index])).toThrow(message);
  });
});

describe('[DX3] an indexed field that is not required is named, and where to require it', () => {
  it('at the top', () => {
    expect(define(['title'], { required: [] })).toThrow(
      "'title' is not required, and a query by this index could miss a document without it; add 'title' to `required`",
    );
  });

  it('inside an object', () => {
    const fields = { place: { type: 'object', properties: { city } } };
    expect(define(['place.city'], {}, fields)).toThrow("add 'city' to `required` of 'place'");
  });

  it('the object itself', () => {
    expect(define(['place.city'], { required: [] })).toThrow("'place.city' is not required");
    expect(define(['place.city'], { required: [] })).toThrow("add 'place' to `required`");
  });

  it('what makes the primary key is always there', () => {
    const primaryKey = { key: 'id', fields: ['title'], separator: '|' };
    expect(define(['title'], { primaryKey, required: [] })).not.toThrow();
  });
});

describe('[DX4] an indexed field that RxDB cannot write as a key is named, and what it needs', () => {
  test.each<[string, object, string]>([
    ['a text without maxLength', { type: 'string' }, "'title' is a text and needs a `maxLength` from 1 to 2048"],
    ['a text that is too long', { type: 'string', maxLength: 4000 }, 'needs a `maxLength` from 1 to 2048'],
    [
      'a number without bounds',
      { type: 'number' },
      "'title' is a number and needs `minimum`, `maximum` and `multipleOf`",
    ],
    [
      'an integer without multipleOf',
      { ...rating, multipleOf: undefined },
      "'title' is a number and needs `multipleOf`",
    ],
    ['an endless number', { ...rating, maximum: Number.POSITIVE_INFINITY }, 'needs `maximum`'],
    ['an array', { type: 'array' }, '\'title\' has the type "array"; an index takes texts, numbers and booleans'],
    ['a text or null', { type: ['string', 'null'] }, '\'title\' has the type ["string","null"]'],
  ])('%s', (_name, title, message) => {
    expect(define(['title'], {}, { title })).toThrow(message);
  });
});
