import {
  type BackoffOptions,
  type BreakerOptions,
  type BreakerStatus,
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

export type { BreakerStatus, LiveDocument, Pending, RefusedWrite, Replication, Status, Transfer, WebSocketLike };
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

/** Shorter than as delivered (5 failures, 300 s): nobody watches a page for five minutes. The page says so. */
export const BREAKER: BreakerOptions = { failures: 5, probeAfterMs: 20_000 };

/** As delivered it is 2 to 16 s. */
const BACKOFF: BackoffOptions = { minMs: 250, maxMs: 1_000 };

addRxPlugin(RxDBAttachmentsPlugin);

const collections = defineCollections({
  notes: { schema: noteSchema, merge: { body: 'text', tags: 'set', likes: 'counter' } },
});

/** Opens a device's database and begins to replicate it. */
export async function openFieldnotes({ device, url, webSocket }: FieldnotesOptions): Promise<Fieldnotes> {
  const database = await createDatabase({
    // Another prefix when a field merges in another way: what is there was written for the old one.
    name: `fieldnotes-3-${device}`,
    storage: getRxStorageDexie(),
    collections,
    // Nobody else opens this device's database: its name is this window's own.
    multiInstance: false,
  });
  const sync = replicate(database, { url, webSocket, breaker: BREAKER, backoff: BACKOFF });
  return { notes: database.notes, sync };
}
