import { defineCollections } from '@breakwater/client';

export const COLLECTIONS = ['notes', 'tasks'] as const;
export type CollectionName = (typeof COLLECTIONS)[number];

const definition = {
  schema: {
    version: 0,
    primaryKey: 'id',
    type: 'object',
    properties: {
      id: { type: 'string', maxLength: 100 },
      title: { type: 'string' },
      body: { type: 'string' },
      rating: { type: 'number' },
      place: { type: 'object', properties: { city: { type: 'string' }, street: { type: 'string' } } },
      story: { type: 'string' },
      tags: { type: 'array', items: { type: 'string' } },
      likes: { type: 'number' },
    },
    required: ['title'],
  },
  merge: { story: 'text', tags: 'set', likes: 'counter' },
} as const;

export const definitions = defineCollections({ notes: definition, tasks: definition });

/** The same for both collections. */
export const { plan } = definitions.notes;

/** Names a document among those of all collections. No id here has a slash. */
export type Key = `${string}/${string}`;

export function keyOf(collection: string, id: string): Key {
  return `${collection}/${id}`;
}

export function splitKey(key: Key): [collection: CollectionName, id: string] {
  const [collection, id = ''] = key.split('/');
  return [collection as CollectionName, id];
}

const FORBIDDEN = 'forbidden ';

/** A title that the server's `authorize` does not let pass. */
export function forbiddenTitle(number: number): string {
  return FORBIDDEN + number;
}

export function isForbidden(title: unknown): boolean {
  return typeof title === 'string' && title.startsWith(FORBIDDEN);
}

/** No row may have more bytes; none that users write comes near, unless it is meant to. */
export const MAX_ROW_BYTES = 8_000;
export const TOO_LONG = 'x'.repeat(MAX_ROW_BYTES);
