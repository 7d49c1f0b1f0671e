import { defineCollections, replicate, withBreakwater } from '@breakwater/client';
import type { BreakwaterServer } from '@breakwater/server';
import { createRxDatabase, type RxCollection, type RxStorage } from 'rxdb';
import { WebsocketProvider } from 'y-websocket';
import type * as Y from 'yjs';

const schema = {
  version: 0,
  primaryKey: 'id',
  type: 'object',
  properties: {
    id: { type: 'string', maxLength: 100 },
    title: { type: 'string' },
    body: { type: 'string' },
  },
  required: ['title'],
} as const;

export interface Note {
  readonly id: string;
  readonly title: string;
  readonly body?: string;
}

export const collections = defineCollections({ notes: { schema, merge: { body: 'text' } } });

/** Opens the database as ever, but for its storage, and replicates it. */
export async function openNotes(url: string, name: string, storage: RxStorage<unknown, unknown>) {
  const db = await createRxDatabase<{ notes: RxCollection<Note> }>({
    name,
    storage: withBreakwater(storage, { collections }),
  });
  await db.addCollections({ notes: { schema } });
  const sync = replicate(db, { url });
  return { db, sync };
}

/** All that an older server has. Run again, it writes what differs, and nothing of what does not. */
export async function bringDocuments(server: BreakwaterServer, notes: AsyncIterable<Note> | Iterable<Note>) {
  const collection = server.collection<Note>('notes');
  for await (const note of notes) await collection.upsert(note);
}

/** A room of the provider as it is. `host` is `wss://example.org`. */
export function openRoom(host: string, room: string, doc: Y.Doc, token: string): WebsocketProvider {
  const provider = new WebsocketProvider(`${host}/yjs`, `room/${encodeURIComponent(room)}`, doc, { params: { token } });
  provider.on('closed', ({ code, reason }) => console.warn(`${room} was closed for good: ${code} ${reason}`));
  return provider;
}

/** A document of an older server, with all its history, to the room that it has from now on. */
export async function bringToRoom(host: string, room: string, doc: Y.Doc, token: string): Promise<void> {
  const provider = openRoom(host, room, doc, token);
  await new Promise<void>((resolve) => provider.once('sync', () => resolve()));
  provider.destroy();
}
