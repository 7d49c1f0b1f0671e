/*
 * Yjs documents with unmodified y-websocket providers. A row is a map of its fields in the map of all rows, so that two clients
 * that write different fields of a row both keep theirs. No database, no queries: what is waited for is what the document holds.
 */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { nowMs, serve } from '../child.ts';
import { makeNote } from '../note-rows.ts';
import { type ClientApi, type Field, updated } from './peer.ts';

type Value = string | number | boolean | string[];
type Row = Y.Map<Value>;

interface Client {
  readonly doc: Y.Doc;
  readonly rows: Y.Map<Row>;
  readonly provider: WebsocketProvider;
}

// Each provider listens for the end of the process.
process.setMaxListeners(0);

let clients: Client[] = [];
let seen: Promise<number>[] = [];

serve<ClientApi>({
  async open(port, count) {
    clients = Array.from({ length: count }, () => openClient(port));
  },

  async connect() {
    const began = nowMs();
    for (const { provider } of clients) provider.connect();
    return began;
  },

  async inStep() {
    await Promise.all(clients.map(({ provider }) => untilSynced(provider)));
  },

  async disconnect() {
    for (const { provider } of clients) {
      const closed = once(socketOf(provider), 'close');
      provider.disconnect();
      await closed;
    }
  },

  async write(first, count) {
    const notes = Array.from({ length: count }, (_, i) => makeNote(first + i));
    const { doc, rows } = writer();
    const began = nowMs();
    doc.transact(() => {
      for (const note of notes) rows.set(note.id, new Y.Map<Value>(Object.entries(note)));
    });
    return { began, ended: nowMs() };
  },

  /** Nothing is acknowledged, but a server that answers a ping has read what was sent before it. */
  async acknowledged() {
    const socket = socketOf(writer().provider);
    socket.ping();
    await once(socket, 'pong');
    return undefined;
  },

  holds: (count) => until(writer(), () => writer().rows.size >= count),

  async watch(fields, rows, update) {
    const ids = idsOf(rows);
    seen = clients.map((client) => until(client, () => ids.every((id) => shows(client, id, fields, update))));
  },

  async watchRow(row, update) {
    const { id } = makeNote(row);
    seen = clients.map((client) => until(client, () => shows(client, id, ['body'], update)));
  },

  seen: async () => Math.max(...(await Promise.all(seen))),

  async showing(fields, rows, update) {
    return idsOf(rows).filter((id) => shows(writer(), id, fields, update)).length;
  },

  async patch(field, rows, update) {
    const client = writer();
    const ids = idsOf(rows);
    const began = nowMs();
    client.doc.transact(() => {
      for (const id of ids) client.rows.get(id)?.set(field, updated(field, update));
    });
    return began;
  },

  async patchRow(row, update) {
    const held = writer().rows.get(makeNote(row).id);
    const began = nowMs();
    held?.set('body', updated('body', update));
    return began;
  },
});

function openClient(port: number): Client {
  const doc = new Y.Doc();
  const provider = new WebsocketProvider(`ws://127.0.0.1:${port}`, 'notes', doc, {
    WebSocketPolyfill: WebSocket as unknown as typeof globalThis.WebSocket,
    disableBc: true,
    connect: false,
  });
  return { doc, rows: doc.getMap('notes'), provider };
}

function writer(): Client {
  const [first] = clients;
  if (first === undefined) throw new Error('no client is open');
  return first;
}

function socketOf({ ws }: WebsocketProvider): WebSocket {
  if (ws === null) throw new Error('the client is not connected');
  return ws as unknown as WebSocket;
}

function idsOf(rows: number): string[] {
  return Array.from({ length: rows }, (_, i) => makeNote(i).id);
}

function shows({ rows }: Client, id: string, fields: readonly Field[], update: number): boolean {
  const row = rows.get(id);
  return row !== undefined && fields.every((field) => row.get(field) === updated(field, update));
}

function until({ doc }: Client, isThere: () => boolean): Promise<number> {
  if (isThere()) return Promise.resolve(nowMs());
  return new Promise((resolve) => {
    const look = () => {
      if (!isThere()) return;
      doc.off('update', look);
      resolve(nowMs());
    };
    doc.on('update', look);
  });
}

async function untilSynced(provider: WebsocketProvider): Promise<void> {
  if (!provider.synced) await new Promise<void>((resolve) => provider.once('sync', () => resolve()));
}
