/* Clients that are RxDB databases, as apps have them: what is waited for is what a live query shows. */
import { filter, firstValueFrom, map, type Observable } from 'rxjs';
import { nowMs, serve } from '../child.ts';
import { makeNote } from '../note-rows.ts';
import type { NotesCollection } from '../notes.ts';
import { type ClientApi, type Field, updated } from './peer.ts';

/** A database with its notes, and what keeps it in step with a server. */
export interface RxdbClient {
  readonly notes: NotesCollection;
  /** Begins to connect, for the first time or again. */
  connect(): void;
  /** Resolves when the connection is gone. */
  disconnect(): Promise<void>;
  /** Resolves when the server has what the client has, and the other way round. */
  inStep(): Promise<unknown>;
}

/** In the process of the clients: does what a scenario calls for. */
export function serveRxdbClients(openClient: (port: number) => Promise<RxdbClient>): void {
  let clients: RxdbClient[] = [];
  let seen: Promise<number>[] = [];

  serve<ClientApi>({
    async open(port, count) {
      clients = await Promise.all(Array.from({ length: count }, () => openClient(port)));
    },

    async connect() {
      const began = nowMs();
      for (const client of clients) client.connect();
      return began;
    },

    async inStep() {
      await Promise.all(clients.map((client) => client.inStep()));
    },

    async disconnect() {
      for (const client of clients) await client.disconnect();
    },

    async write(first, count) {
      const notes = Array.from({ length: count }, (_, i) => makeNote(first + i));
      const began = nowMs();
      await writer().notes.bulkInsert(notes);
      return { began, ended: nowMs() };
    },

    async acknowledged() {
      await writer().inStep();
      return nowMs();
    },

    holds: (count) =>
      timeOf(
        writer()
          .notes.count()
          .$.pipe(filter((found) => found >= count)),
      ),

    async watch(fields, rows, update) {
      seen = clients.map(({ notes }) =>
        timeOf(
          firstRows(notes, rows).$.pipe(
            filter((found) => found.length === rows && found.every((note) => shows(note, fields, update))),
          ),
        ),
      );
    },

    async watchRow(row, update) {
      const body = updated('body', update);
      seen = clients.map(({ notes }) =>
        timeOf(notes.findOne(makeNote(row).id).$.pipe(filter((found) => found?.body === body))),
      );
      // The first result of each query is there before the clock starts.
      await Promise.all(clients.map(({ notes }) => notes.findOne(makeNote(row).id).exec()));
    },

    seen: async () => Math.max(...(await Promise.all(seen))),

    async showing(fields, rows, update) {
      const found = await firstRows(writer().notes, rows).exec();
      return found.filter((note) => shows(note, fields, update)).length;
    },

    async patch(field, rows, update) {
      const { notes } = writer();
      const found = await notes.findByIds(Array.from({ length: rows }, (_, i) => makeNote(i).id)).exec();
      const began = nowMs();
      await notes.bulkUpsert(
        [...found.values()].map((note) => ({ ...note.toMutableJSON(), [field]: updated(field, update) })),
      );
      return began;
    },

    async patchRow(row, update) {
      const note = await writer().notes.findOne(makeNote(row).id).exec(true);
      const began = nowMs();
      await note.patch({ body: updated('body', update) });
      return began;
    },
  });

  function writer(): RxdbClient {
    const [first] = clients;
    if (first === undefined) throw new Error('no client is open');
    return first;
  }
}

function firstRows(notes: NotesCollection, rows: number) {
  return notes.find({ selector: { id: { $lt: makeNote(rows).id } } });
}

function shows(note: { readonly [Name in Field]?: string }, fields: readonly Field[], update: number): boolean {
  return fields.every((field) => note[field] === updated(field, update));
}

function timeOf(shown: Observable<unknown>): Promise<number> {
  return firstValueFrom(shown.pipe(map(nowMs)));
}
