import type { Instance, StoredDocument } from '@breakwater/client/sync';
import { createRevision } from 'rxdb';
import type { Random } from '../random.ts';

/** What a user does to a document; answers the new fields, or undefined when there is nothing to do. */
export type Operation = (fields: Fields | undefined) => Fields | undefined;

type Fields = { readonly [name: string]: unknown };

const IDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'constructor'];
const ATTEMPTS = 4;

export interface Write {
  readonly id: string;
  readonly operation: Operation;
}

/** Some user's write to one of a few shared documents: insert or revive, patch, remove a field, nested patch, delete. */
export function randomWrite(random: Random): Write {
  const number = random.int(1_000);
  const make = random.pick(OPERATIONS);
  const insert = insertOf({ title: `new ${number}`, ...(number % 2 ? { rating: number } : {}) });
  const change = make(number);
  return { id: random.pick(IDS), operation: (fields) => (fields === undefined ? insert(fields) : change(fields)) };
}

const OPERATIONS: readonly ((number: number) => Operation)[] = [
  (number) => patch({ title: `title ${number}` }),
  (number) => patch({ body: `body ${number}`, rating: number }),
  () => removeBody,
  (number) => patchPlace({ city: `city ${number}` }),
  (number) => patchPlace({ street: `street ${number}` }),
  () => remove,
];

/** Over a tombstone it is a revival. */
export function insertOf(fields: Fields): Operation {
  return (existing) => (existing === undefined ? fields : undefined);
}

export function patch(change: Fields): Operation {
  return (fields) => fields && { ...fields, ...change };
}

export function patchPlace(change: Fields): Operation {
  return (fields) => fields && { ...fields, place: { ...(fields.place as Fields | undefined), ...change } };
}

export const removeBody: Operation = (fields) => {
  if (fields === undefined) return undefined;
  const { body: _removed, ...rest } = fields;
  return rest;
};

export const remove: Operation = (fields) => fields && { ...fields, _deleted: true };

/**
 * Writes as RxDB does: from the document as this app last saw it, again when it was overtaken. What an app saw may hold
 * older marks than what is stored, since acks are hidden from it.
 */
export async function perform(
  { id, operation }: Write,
  instance: Instance,
  find: (id: string, attempt: number) => StoredDocument | undefined,
): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const previous = find(id, attempt);
    const fields = operation(previous === undefined || previous._deleted ? undefined : fieldsOf(previous));
    if (fields === undefined) return;
    const document = {
      _deleted: false,
      _attachments: {},
      ...fields,
      id,
      _rev: createRevision('user', previous),
      _meta: { ...(previous?._meta ?? { lwt: 1 }) },
    } as StoredDocument;
    const { error } = await instance.bulkWrite([previous ? { previous, document } : { document }], 'user');
    if (error.length === 0) return;
  }
}

function fieldsOf(document: StoredDocument): Fields {
  const { id: _id, _rev, _meta, _deleted, _attachments, ...fields } = document;
  return fields;
}
