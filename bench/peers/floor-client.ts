/* Clients of the floor: they send rows as JSON and keep what they receive in a map. No database, no queries. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { nowMs, serve } from '../child.ts';
import { inBatches } from '../measure.ts';
import { makeNote, type Note } from '../note-rows.ts';
import { ACK, BATCH, decodeBatch, encodeBatch, encodeHeader, type FloorRow, PULL, seqOf } from './floor-messages.ts';
import { type ClientApi, type Field, updated } from './peer.ts';

/** Rows of one message: as many as a push or page of Breakwater holds, about. */
const BATCH_ROWS = 500;

interface Client {
  readonly rows: Map<string, string>;
  socket?: WebSocket;
  seq: number;
  onAck(): void;
  onRows(): void;
}

let clients: Client[] = [];
let port = 0;
let pulled: Promise<void>[] = [];
let sending: Promise<void> = Promise.resolve();
let seen: Promise<number>[] = [];

serve<ClientApi>({
  async open(at, count) {
    port = at;
    clients = Array.from({ length: count }, () => ({ rows: new Map(), seq: 0, onAck() {}, onRows() {} }));
  },

  async connect() {
    const began = nowMs();
    pulled = clients.map(connect);
    return began;
  },

  async inStep() {
    await Promise.all(pulled);
  },

  async disconnect() {
    for (const { socket } of clients) {
      if (socket === undefined) continue;
      const closed = once(socket, 'close');
      socket.terminate();
      await closed;
    }
  },

  async write(first, count) {
    const began = nowMs();
    const notes = Array.from({ length: count }, (_, i) => makeNote(first + i));
    push(notes);
    return { began, ended: nowMs() };
  },

  async acknowledged() {
    await sending;
    return nowMs();
  },

  holds: (count) => until(writer(), () => writer().rows.size >= count),

  async watch(fields, rows, update) {
    const ids = idsOf(rows);
    seen = clients.map((client) => until(client, () => ids.every((id) => shows(client, id, fields, update))));
  },

  async watchRow(row, update) {
    const { id } = makeNote(row);
    seen = clients.map((client) => until(client, () => noteOf(client, id)?.body === updated('body', update)));
  },

  seen: async () => Math.max(...(await Promise.all(seen))),

  async showing(fields, rows, update) {
    return idsOf(rows).filter((id) => shows(writer(), id, fields, update)).length;
  },

  async patch(field, rows, update) {
    const began = nowMs();
    push(Array.from({ length: rows }, (_, i) => ({ ...held(makeNote(i)), [field]: updated(field, update) })));
    return began;
  },

  async patchRow(row, update) {
    const note = held(makeNote(row));
    const began = nowMs();
    push([{ ...note, body: updated('body', update) }]);
    return began;
  },
});

function writer(): Client {
  const [first] = clients;
  if (first === undefined) throw new Error('no client is open');
  return first;
}

function idsOf(rows: number): string[] {
  return Array.from({ length: rows }, (_, i) => makeNote(i).id);
}

function shows(client: Client, id: string, fields: readonly Field[], update: number): boolean {
  const note = noteOf(client, id);
  return note !== undefined && fields.every((field) => note[field] === updated(field, update));
}

function noteOf(client: Client, id: string): Note | undefined {
  const doc = client.rows.get(id);
  return doc === undefined ? undefined : (JSON.parse(doc) as Note);
}

function held(fresh: Note): Note {
  return noteOf(writer(), fresh.id) ?? fresh;
}

/** Batch after batch, each when the one before it is acknowledged. */
function push(notes: readonly Note[]): void {
  const client = writer();
  const rows: FloorRow[] = notes.map((note) => ({ id: note.id, doc: JSON.stringify(note) }));
  for (const { id, doc } of rows) client.rows.set(id, doc);
  sending = sending.then(async () => {
    for (const batch of inBatches(rows, BATCH_ROWS)) {
      const acknowledged = new Promise<void>((resolve) => {
        client.onAck = resolve;
      });
      client.socket?.send(encodeBatch(batch));
      await acknowledged;
    }
  });
}

function until(client: Client, isThere: () => boolean): Promise<number> {
  if (isThere()) return Promise.resolve(nowMs());
  return new Promise((resolve) => {
    client.onRows = () => {
      if (!isThere()) return;
      client.onRows = () => {};
      resolve(nowMs());
    };
  });
}

/** Resolves when everything that the server has is here. */
async function connect(client: Client): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  client.socket = socket;
  socket.on('message', (data: Buffer) => {
    client.seq = seqOf(data);
    if (data[0] === ACK) client.onAck();
    if (data[0] !== BATCH) return;
    for (const { id, doc } of decodeBatch(data)) client.rows.set(id, doc);
    client.onRows();
  });
  await once(socket, 'open');
  const done = new Promise<void>((resolve) => {
    client.onAck = resolve;
  });
  socket.send(encodeHeader(PULL, client.seq));
  await done;
}
