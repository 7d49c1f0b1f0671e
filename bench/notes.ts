import { type Collections, createDatabase, defineCollections, replicate } from '@breakwater/client';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
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
  const connect = () => replicate(database, { url: `ws://127.0.0.1:${port}/sync` });
  return { database, notes: database.notes, connect };
}
