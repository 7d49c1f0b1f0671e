import { defineCollections } from '@breakwater/crdt';

/** A collection with everything that capturing distinguishes. */
export const noteCollections = defineCollections({
  notes: {
    schema: {
      version: 0,
      primaryKey: 'id',
      type: 'object',
      properties: {
        id: { type: 'string', maxLength: 100 },
        title: { type: 'string', maxLength: 200 },
        body: { type: 'string' },
        rating: { type: 'number' },
        tags: { type: 'array', items: { type: 'string' } },
        address: {
          type: 'object',
          properties: { city: { type: 'string' }, street: { type: 'string' } },
        },
      },
      required: ['title'],
      indexes: ['title'],
      attachments: {},
    },
  },
});

/** One field of each kind of merging. */
export const planCollections = defineCollections({
  plans: {
    schema: {
      version: 0,
      primaryKey: 'id',
      type: 'object',
      properties: {
        id: { type: 'string', maxLength: 100 },
        title: { type: 'string', maxLength: 200 },
        body: { type: 'string' },
        tags: { type: 'array', items: { type: 'string' } },
        steps: { type: 'array', items: { type: 'string' } },
        likes: { type: 'number' },
        address: {
          type: 'object',
          properties: { city: { type: 'string' }, street: { type: 'string' } },
        },
      },
      required: ['title'],
      attachments: {},
    },
    merge: { body: 'text', tags: 'set', steps: 'list', likes: 'counter' },
  },
});
