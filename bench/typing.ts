import { once } from 'node:events';
import { WebSocket } from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { quantile, timeMs } from './measure.ts';
import { makeNotes, openClient } from './notes.ts';
import type { Result } from './result.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';

/** Two Yjs documents that are kept in step. */
interface Pair {
  readonly writer: Y.Doc;
  readonly reader: Y.Doc;
  end(): Promise<void>;
}

const FIELD = 'body';

/**
 * One types, until the other's Yjs document has it: a key at a time, and many keys without waiting. Two floors: Yjs updates
 * over a raw ws relay, and over one that stores them first. Breakwater: unmodified y-websocket clients in the room of a row.
 * What these cost by themselves shows over the same relay.
 */
export async function measureTyping(keys: number, burst: number): Promise<Result[]> {
  const relayed = await measurePair(await openFloor('./relay-server.ts'), keys, burst);
  const stored = await measurePair(await openFloor('./storing-relay-server.ts'), keys, burst);
  const provided = await measurePair(await openProvidedFloor(), keys, burst);
  const ours = await measurePair(await openOurs(), keys, burst);
  return [
    ...compare('', relayed, ours, burst),
    ...compare(', both stored first', stored, ours, burst),
    ...compare(', both y-websocket', provided, ours, burst),
  ];
}

interface Typed {
  readonly p50: number;
  readonly p99: number;
  readonly burstMs: number;
}

function compare(how: string, floor: Typed, ours: Typed, burst: number): Result[] {
  return [
    { name: `key to the other's text${how}, p50`, unit: 'ms', floor: floor.p50, ours: ours.p50, goal: { ratio: 2 } },
    { name: `key to the other's text${how}, p99`, unit: 'ms', floor: floor.p99, ours: ours.p99 },
    { name: `${burst} keys at once${how}`, unit: 'ms', floor: floor.burstMs, ours: ours.burstMs, goal: { ratio: 4 } },
  ];
}

async function measurePair({ writer, reader, end }: Pair, keys: number, burst: number): Promise<Typed> {
  const text = writer.getText(FIELD);
  const seen = reader.getText(FIELD);
  const latencies: number[] = [];
  for (let i = 0; i < keys; i++) {
    latencies.push(
      await timeMs(() => {
        const arrived = untilLength(reader, seen, text.length + 1);
        text.insert(text.length, 'x');
        return arrived;
      }),
    );
  }
  const burstMs = await timeMs(() => {
    const arrived = untilLength(reader, seen, text.length + burst);
    for (let i = 0; i < burst; i++) text.insert(text.length, 'x');
    return arrived;
  });
  await end();
  return { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99), burstMs };
}

function untilLength(doc: Y.Doc, text: Y.Text, length: number): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (text.length < length) return;
      doc.off('update', look);
      resolve();
    };
    doc.on('update', look);
  });
}

async function openFloor(file: string): Promise<Pair> {
  const server = await startServerProcess(file);
  const [writer, reader] = [await relayed(server.port), await relayed(server.port)];
  return {
    writer: writer.doc,
    reader: reader.doc,
    async end() {
      for (const { socket } of [writer, reader]) socket.terminate();
      await server.end();
    },
  };
}

async function relayed(port: number) {
  const doc = new Y.Doc();
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await once(socket, 'open');
  doc.on('update', (update: Uint8Array, origin: unknown) => {
    if (origin !== socket) socket.send(update);
  });
  socket.on('message', (data: Buffer) => Y.applyUpdate(doc, data, socket));
  return { doc, socket };
}

async function openOurs(): Promise<Pair> {
  const server = await startServerProcess('./peers/breakwater-server.ts');
  const id = await makeRow(server);
  return pairOf(server, [await synced(provide(server, id)), await synced(provide(server, id))]);
}

/** What the relay hands on is the conversation of the two with each other. */
async function openProvidedFloor(): Promise<Pair> {
  const server = await startServerProcess('./relay-server.ts');
  const writer = provide(server, 'a');
  await new Promise<void>((resolve) => writer.once('status', () => resolve()));
  return pairOf(server, [writer, await synced(provide(server, 'a'))]);
}

function pairOf(server: ServerProcess, providers: readonly [WebsocketProvider, WebsocketProvider]): Pair {
  const [writer, reader] = providers;
  return {
    writer: writer.doc,
    reader: reader.doc,
    async end() {
      for (const provider of providers) {
        provider.destroy();
        provider.awareness.destroy();
      }
      await server.end();
    },
  };
}

async function makeRow({ port }: ServerProcess): Promise<string> {
  const client = await openClient(port);
  const sync = client.connect();
  const [note] = makeNotes(1);
  if (note === undefined) throw new Error('there is no note to write');
  await client.notes.insert(note);
  await sync.awaitInSync();
  await client.database.close();
  return note.id;
}

function provide({ port }: ServerProcess, id: string): WebsocketProvider {
  return new WebsocketProvider(`ws://127.0.0.1:${port}/yjs/doc/notes`, id, new Y.Doc(), {
    WebSocketPolyfill: WebSocket as unknown as typeof globalThis.WebSocket,
    disableBc: true,
  });
}

async function synced(provider: WebsocketProvider): Promise<WebsocketProvider> {
  await new Promise<void>((resolve) => provider.once('sync', () => resolve()));
  return provider;
}
