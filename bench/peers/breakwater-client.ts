/* Clients as apps have them: an RxDB database, and what is waited for is what a live query shows. */
import type { Replication } from '@breakwater/client';
import { filter, firstValueFrom, map, type Observable } from 'rxjs';
import { nowMs, serve } from '../child.ts';
import { makeNote } from '../note-rows.ts';
import { openClient } from '../notes.ts';
import { type ClientApi, updated } from './peer.ts';

type Client = Awaited<ReturnType<typeof openClient>> & { sync?: Replication };

let clients: Client[] = [];
let seen: Promise<number>[] = [];

serve<ClientApi>({
  async open(port, count) {
    clients = await Promise.all(Array.from({ length: count }, () => openClient(port)));
  },

  async connect() {
    const began = nowMs();
    for (const client of clients) {
      if (client.sync === undefined) client.sync = client.connect();
      else client.sync.start();
    }
    return began;
  },

  async inStep() {
    await Promise.all(clients.map((client) => syncOf(client).awaitInSync()));
  },

  async disconnect() {
    for (const client of clients) {
      const sync = syncOf(client);
      sync.pause();
      await firstValueFrom(sync.status$.pipe(filter(({ state }) => state === 'paused')));
    }
  },

  async write(first, count) {
    const notes = Array.from({ length: count }, (_, i) => makeNote(first + i));
    const began = nowMs();
    await writer().notes.bulkInsert(notes);
    return { began, ended: nowMs() };
  },

  async acknowledged() {
    await syncOf(writer()).awaitInSync();
    return nowMs();
  },

  holds: (count) =>
    timeOf(
      writer()
        .notes.count()
        .$.pipe(filter((found) => found >= count)),
    ),

  async watch(fields, rows, update) {
    seen = clients.map(({ notes }) => {
      const shown = notes.find({ selector: { id: { $lt: makeNote(rows).id } } }).$;
      return timeOf(
        shown.pipe(
          filter(
            (found) =>
              found.length === rows &&
              found.every((note) => fields.every((field) => note[field] === updated(field, update))),
          ),
        ),
      );
    });
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

function writer(): Client {
  const [first] = clients;
  if (first === undefined) throw new Error('no client is open');
  return first;
}

function syncOf({ sync }: Client): Replication {
  if (sync === undefined) throw new Error('the client was never connected');
  return sync;
}

function timeOf(shown: Observable<unknown>): Promise<number> {
  return firstValueFrom(shown.pipe(map(nowMs)));
}
