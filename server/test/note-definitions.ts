import { defineCollections } from '@breakwater/crdt';

/** Notes of which the server knows everything: one field of each kind, and a rule of each sort. */
export const noteDefinitions = defineCollections({
  notes: {
    schema: {
      version: 0,
      primaryKey: 'id',
      type: 'object',
      additionalProperties: false,
      properties: {
        id: { type: 'string', maxLength: 100 },
        title: { type: 'string', maxLength: 20 },
        status: { type: 'string', enum: ['open', 'done'] },
        rating: { type: 'integer', minimum: 0, maximum: 5 },
        owner: { type: 'string' },
        address: {
          type: 'object',
          additionalProperties: false,
          properties: { city: { type: 'string', maxLength: 10 }, zip: { type: 'string', pattern: '^[0-9]+$' } },
          required: ['zip'],
        },
        body: { type: 'string', maxLength: 10 },
        tags: { type: 'array', items: { type: 'string' }, maxItems: 3 },
        steps: { type: 'array', items: { type: 'string', maxLength: 5 } },
        likes: { type: 'integer', minimum: 0 },
      },
      required: ['title', 'body'],
      // A rule about several fields: what is done has a rating.
      anyOf: [{ properties: { status: { const: 'open' } } }, { required: ['rating'] }],
    },
    merge: { body: 'text', tags: 'set', steps: 'list', likes: 'counter' },
  },
});
