import { createDatabase, defineCollections, replicate } from '@breakwater/client';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { filter, firstValueFrom } from 'rxjs';
import { makeNote, notesSchema } from '../../note-rows.ts';

/** What the benchmark asks of the page. Times are milliseconds. */
export interface VisitPage {
  /** Opens the database, without a network; resolves with the time until a first query was answered. */
  open(): Promise<{ readonly ms: number; readonly rows: number }>;
  /** Replicates until so many rows are here; resolves with how long that took. */
  sync(url: string, rows: number): Promise<number>;
  /** Writes one field of a row, and resolves with the time at which that began, since 1970. */
  patch(row: number, body: string): Promise<number>;
  /** Resolves with the time at which a live query showed it, since 1970. */
  shows(row: number, body: string): Promise<number>;
}

const collections = defineCollections({ notes: { schema: notesSchema } });

function openDatabase() {
  return createDatabase({ name: 'visit', storage: getRxStorageDexie(), collections });
}

let opened: ReturnType<typeof openDatabase> | undefined;

function database() {
  opened ??= openDatabase();
  return opened;
}

const page: VisitPage = {
  async open() {
    const began = performance.now();
    const { notes } = await database();
    const found = await notes.find({ sort: [{ updatedAt: 'desc' }], limit: 20 }).exec();
    return { ms: performance.now() - began, rows: found.length };
  },

  async sync(url, rows) {
    const began = performance.now();
    const db = await database();
    await replicate(db, { url }).awaitInSync();
    const ms = performance.now() - began;
    const found = await db.notes.count().exec();
    if (found !== rows) throw new Error(`${found} rows arrived instead of ${rows}`);
    return ms;
  },

  async patch(row, body) {
    const { notes } = await database();
    const note = await notes.findOne(makeNote(row).id).exec(true);
    const began = now();
    await note.patch({ body });
    return began;
  },

  async shows(row, body) {
    const { notes } = await database();
    await firstValueFrom(notes.findOne(makeNote(row).id).$.pipe(filter((note) => note?.body === body)));
    return now();
  },
};

/** Tabs of one browser count it alike. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

Object.assign(globalThis, { visitPage: page });
