import { type Collections, createDatabase, defineCollections, replicate } from '@breakwater/client';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { WebSocket } from 'ws';
import { notesSchema } from './note-rows.ts';

export { makeNotes, type Note } from './note-rows.ts';

export const notesDefinition = { schema: notesSchema } as const;

const collections = defineCollections({ notes: notesDefinition });

type Definitions = typeof collections extends Collections<infer T> ? T : never;
export type NotesDatabase = Awaited<ReturnType<typeof createDatabase<Definitions>>>;
export type NotesCollection = NotesDatabase['notes'];

export async function openClient(port: number) {
  const database = await createDatabase({
    name: `bench-${crypto.randomUUID()}`,
    storage: getRxStorageMemory(),
    collections,
    multiInstance: false,
  });
  // The socket that all others in the benchmark have, the floor first.
  const webSocket = (url: string) => new WebSocket(url, { perMessageDeflate: false });
  const connect = () => replicate(database, { url: `ws://127.0.0.1:${port}/sync`, webSocket });
  return { database, notes: database.notes, connect };
}
