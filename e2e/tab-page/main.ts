import { createDatabase, defineCollections, replicate } from '@breakwater/client';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';

/*
 * A page with nothing but a replicated database on it, for tests that open it in several tabs. What a test calls hangs on
 * the window.
 */
const collections = defineCollections({
  notes: {
    schema: {
      version: 0,
      primaryKey: 'id',
      type: 'object',
      properties: { id: { type: 'string', maxLength: 100 }, title: { type: 'string' } },
      required: ['title'],
    },
  },
});

const { notes, sync } = await open();

async function open() {
  const database = await createDatabase({ name: 'tabs', storage: getRxStorageDexie(), collections });
  const url = `${location.origin.replace('http', 'ws')}/sync`;
  return { notes: database.notes, sync: replicate(database, { url }) };
}

/** What a test does in a tab. */
export interface TabPage {
  insert(id: string): Promise<void>;
  /** Inserts and waits until the server has it. */
  insertAndConfirm(id: string): Promise<string>;
  ids(): Promise<string[]>;
  state(): string;
  pending(): number;
  inSync(): Promise<void>;
  pause(): void;
  start(): void;
}

const page: TabPage = {
  async insert(id) {
    await notes.insert({ id, title: id });
  },
  insertAndConfirm: async (id) => sync.confirm(await notes.insert({ id, title: id })),
  ids: async () => (await notes.find().exec()).map((note) => note.id).sort(),
  state: () => sync.status.state,
  pending: () => sync.pending.rows,
  inSync: () => sync.awaitInSync(),
  pause: () => sync.pause(),
  start: () => sync.start(),
};
Object.assign(window, { tabPage: page });
