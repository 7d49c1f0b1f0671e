import { BatchError, type DocumentWrite, type StoredDocument, writeBatch } from '@breakwater/client/sync';
import { fillObjectDataBeforeInsert, type RxDatabase } from 'rxdb';
import type { Random } from '../random.ts';
import { COLLECTIONS, type CollectionName, forbiddenTitle, TOO_LONG } from './definitions.ts';

/** What a user does to a document; answers the new fields, null when it is to be removed, undefined when there is nothing to do. */
export type Operation = (fields: Fields | undefined) => Fields | null | undefined;

/*
 * What is not played: attachments, migrations, several tabs of one database, and batches that together are more than one push
 * takes.
 */
type Fields = { readonly [name: string]: unknown };

const IDS = ['a', 'b', 'c', 'd', 'constructor'];
const ATTEMPTS = 4;

export interface Write {
  readonly collection: CollectionName;
  readonly id: string;
  readonly operation: Operation;
}

export interface Chances {
  /** Of an edit of text, set or counter: those are dear. */
  readonly rich: number;
  /** Of a write that the server, or already the device, refuses. */
  readonly refused: number;
}

/** Some user's write to one of a few shared documents: insert or revive, patch, remove a field, nested patch, delete. */
export function randomWrite(random: Random, number: number, chances: Chances): Write {
  return {
    collection: random.pick(COLLECTIONS),
    id: random.pick(IDS),
    operation: randomOperation(random, number, chances),
  };
}

/** Two or three documents, each once. */
export function randomBatch(random: Random, number: number, chances: Chances): Write[] {
  const writes = Array.from({ length: 2 + random.int(2) }, () => {
    // Several documents for one refusal.
    return randomWrite(random, number, { ...chances, refused: chances.refused / 2 });
  });
  return writes.filter(
    ({ collection, id }, i) => !writes.slice(0, i).some((each) => each.collection === collection && each.id === id),
  );
}

function randomOperation(random: Random, number: number, { rich, refused }: Chances): Operation {
  const make = random.chance(rich) ? random.pick(RICH_OPERATIONS) : random.pick(OPERATIONS);
  const insert = insertOf({ title: `new ${number}`, ...(random.chance(rich) ? { story: characterOf(number) } : {}) });
  const change = make(number, random);
  const operation: Operation = (fields) => (fields === undefined ? insert(fields) : change(fields));
  if (!random.chance(refused)) return operation;
  const fault = random.chance(0.75) ? { title: forbiddenTitle(number) } : { body: TOO_LONG };
  return (fields) => {
    const changed = operation(fields);
    return changed && { ...changed, ...fault };
  };
}

type MakeOperation = (number: number, random: Random) => Operation;

const OPERATIONS: readonly MakeOperation[] = [
  (number) => patch({ title: `title ${number}` }),
  (number) => patch({ body: `body ${number}`, rating: number }),
  () => removeBody,
  (number) => patchPlace({ city: `city ${number}` }),
  (number) => patchPlace({ street: `street ${number}` }),
  () => remove,
];

const RICH_OPERATIONS: readonly MakeOperation[] = [
  (number, random) => editStory(characterOf(number), random.next()),
  (_, random) => eraseFromStory(random.next()),
  (number) => editTags((tags) => [...tags, `t${number}`]),
  (_, random) => editTags((tags) => tags.toSpliced(Math.floor(random.next() * tags.length), 1)),
  (number) => count(1 + (number % 3)),
];

/** Every text is made of these, each of its own write: an edit is then never ambiguous. */
const FIRST_CHARACTER = 0x4e00;

export function characterOf(number: number): string {
  return String.fromCodePoint(FIRST_CHARACTER + number);
}

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

export const remove: Operation = (fields) => fields && null;

/** `place` is in [0, 1). */
export function editStory(text: string, place: number): Operation {
  return changeStory((story) => {
    const at = Math.floor(place * (story.length + 1));
    return story.slice(0, at) + text + story.slice(at);
  });
}

function eraseFromStory(place: number): Operation {
  return changeStory((story) => {
    const at = Math.floor(place * story.length);
    return story.slice(0, at) + story.slice(at + 1);
  });
}

function changeStory(change: (story: string) => string): Operation {
  return (fields) => fields && { ...fields, story: change((fields.story as string | undefined) ?? '') };
}

function editTags(change: (tags: readonly string[]) => string[]): Operation {
  return (fields) => fields && { ...fields, tags: change((fields.tags as string[] | undefined) ?? []) };
}

export function count(by: number): Operation {
  return (fields) => fields && { ...fields, likes: ((fields.likes as number | undefined) ?? 0) + by };
}

/**
 * Writes as RxDB does: from the document as this app last saw it, again when it was overtaken. What an app saw may hold
 * older marks than what is stored, since acks are hidden from it.
 */
export async function performWrite(
  { collection: name, id, operation }: Write,
  database: RxDatabase,
  find: (collection: CollectionName, id: string, attempt: number) => StoredDocument | undefined,
): Promise<void> {
  const collection = collectionNamed(database, name);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const found = find(name, id, attempt);
    const previous = found?._deleted ? undefined : found;
    const fields = operation(previous && fieldsOf(previous));
    if (fields === undefined) return;
    const row =
      previous === undefined
        ? { document: fillObjectDataBeforeInsert(collection.schema, { ...fields, id }) }
        : {
            previous,
            document: { ...ownProperties(previous), ...(fields ?? fieldsOf(previous)), id, _deleted: fields === null },
          };
    const { error } = await collection.storageInstance.bulkWrite([row as never], 'user');
    if (error.length === 0) return;
  }
}

/** One that others overtake again and again is not written; the user is told. */
export async function performBatch(writes: readonly Write[], database: RxDatabase): Promise<void> {
  await writeBatch(
    database,
    writes.map(({ collection, id, operation }): DocumentWrite => {
      return { collection: collectionNamed(database, collection), id, change: toChange(id, operation) };
    }),
  ).catch((error: unknown) => {
    if (!(error instanceof BatchError)) throw error;
  });
}

function toChange(id: string, operation: Operation): DocumentWrite['change'] {
  return (fields) => {
    const changed = operation(fields);
    if (changed === undefined) return fields;
    return changed === null ? undefined : ({ ...changed, id } as ReturnType<DocumentWrite['change']>);
  };
}

function collectionNamed({ collections }: RxDatabase, name: string) {
  const collection = collections[name];
  if (collection === undefined) throw new Error(`there is no collection ${name}`);
  return collection;
}

function fieldsOf(document: StoredDocument): Fields {
  const { id: _id, _rev, _meta, _deleted, _attachments, ...fields } = document;
  return fields;
}

function ownProperties({ _rev, _meta, _attachments }: StoredDocument): Fields {
  return { _rev, _meta, _attachments };
}
