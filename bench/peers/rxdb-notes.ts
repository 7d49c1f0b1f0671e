import { createRxDatabase } from 'rxdb';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { notesSchema } from '../note-rows.ts';
import type { NotesCollection } from '../notes.ts';

/** RxDB as it comes: no storage around its own, and its own conflict handler. */
export async function openStockNotes() {
  const database = await createRxDatabase<{ notes: NotesCollection }>({
    name: `bench-${crypto.randomUUID()}`,
    storage: getRxStorageMemory(),
    multiInstance: false,
  });
  const { notes } = await database.addCollections({ notes: { schema: notesSchema } });
  return { database, notes };
}
