import { defineCollections } from '@breakwater/client';
import { type Authorize, createServer, type LabelsOf } from '@breakwater/server';

export const collections = defineCollections({
  notes: {
    schema: {
      version: 0,
      primaryKey: 'id',
      type: 'object',
      properties: {
        id: { type: 'string', maxLength: 100 },
        title: { type: 'string' },
        owner: { type: 'string' },
        sharedWith: { type: 'array', items: { type: 'string' } },
      },
      required: ['title', 'owner'],
    },
    merge: { sharedWith: 'set' },
  },
});

interface Note {
  readonly owner: string;
  readonly sharedWith: readonly string[];
}

/** A note is read by its owner, and by whoever it is shared with: a user or a team. */
const labelsOf: LabelsOf = (_collection, document) => {
  const { owner, sharedWith } = document as unknown as Note;
  return [owner, ...sharedWith].map((name) => `note:${name}`);
};

/** Its owner may do everything with it; others who read it may change it, but neither delete it nor share it. */
const authorize: Authorize = ({ user, before, after }) => {
  const owner = (before ?? after)?.owner;
  if (user === owner) return true;
  if (before === undefined || after === undefined) return `only ${owner} may do this`;
  const isShared = JSON.stringify(before.sharedWith) !== JSON.stringify(after.sharedWith);
  return isShared || after.owner !== owner ? `only ${owner} may share it` : true;
};

/** Tokens are signed elsewhere: { "tenant": "harbour", "sub": "ada", "labels": ["note:ada", "note:crew"], "exp": … } */
export function createNotesServer(dataDir: string, secret: string) {
  return createServer({ dataDir, collections, jwt: { secret }, labelsOf, authorize });
}
