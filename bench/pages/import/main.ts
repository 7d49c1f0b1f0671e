import { createDatabase, defineCollections, insertMany } from '@breakwater/client';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { makeNote, notesSchema } from '../../note-rows.ts';

const STORAGES = { memory: getRxStorageMemory, Dexie: getRxStorageDexie };

export type ImportStorage = keyof typeof STORAGES;

/** What the benchmark asks of the page. */
export interface ImportPage {
  /** Imports so many rows and answers how many milliseconds it took. */
  run(storage: ImportStorage, rows: number): Promise<number>;
}

const page: ImportPage = {
  async run(storage, rows) {
    const database = await createDatabase({
      name: `import-${crypto.randomUUID()}`,
      storage: STORAGES[storage](),
      collections: defineCollections({ notes: { schema: notesSchema } }),
    });
    function* notes() {
      for (let i = 0; i < rows; i++) yield makeNote(i);
    }
    const start = performance.now();
    const { stored, failures } = await insertMany(database.notes, notes());
    const ms = performance.now() - start;
    if (stored !== rows) throw new Error(`${failures.length} of ${rows} rows failed: ${failures[0]?.reason}`);
    await database.close();
    return ms;
  },
};

Object.assign(globalThis, { importPage: page });
