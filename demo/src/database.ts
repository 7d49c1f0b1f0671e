import {
  createDatabase,
  defineCollections,
  imageUrl,
  type LiveDocument,
  type Pending,
  putImage,
  type RefusedWrite,
  type Replication,
  replicate,
  type Status,
  type Transfer,
  userColors,
  type WebSocketLike,
} from '@breakwater/client';
import { RxDBAttachmentsPlugin } from 'rxdb/plugins/attachments';
import { addRxPlugin, type RxAttachment, type RxCollection, type RxDocument } from 'rxdb/plugins/core';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { type Note, noteSchema } from './note.ts';

export type { LiveDocument, Pending, RefusedWrite, Replication, Status, Transfer, WebSocketLike };
export { imageUrl, putImage, userColors };
export type Notes = RxCollection<Note>;
export type NoteDocument = RxDocument<Note>;
export type Photo = RxAttachment<Note>;

export interface Fieldnotes {
  readonly notes: Notes;
  readonly sync: Replication;
}

export interface FieldnotesOptions {
  readonly device: string;
  readonly url: string;
  readonly webSocket: (url: string) => WebSocketLike;
}

addRxPlugin(RxDBAttachmentsPlugin);

const collections = defineCollections({ notes: { schema: noteSchema, merge: { body: 'text', tags: 'set' } } });

/** Opens this device's database and begins to replicate it. */
export async function openFieldnotes({ device, url, webSocket }: FieldnotesOptions): Promise<Fieldnotes> {
  const database = await createDatabase({
    // Another prefix when a field merges in another way: what is there was written for the old one.
    name: `fieldnotes-2-${device}`,
    storage: getRxStorageDexie(),
    collections,
    // Each window is a device of its own and the only one to open its database.
    multiInstance: false,
  });
  return { notes: database.notes, sync: replicate(database, { url, webSocket }) };
}
