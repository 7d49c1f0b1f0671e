/*
 * What the server of y-websocket does without persistence: one document in memory, every update applied and sent on at once,
 * presence sent on to all. Not durable, and nothing is acknowledged. It takes one room, and spares a sender its own update.
 */
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { readSyncMessage, writeSyncStep1, writeUpdate } from 'y-protocols/sync';
import * as Y from 'yjs';
import { serveSocket } from '../server-process.ts';

/** Kinds of messages of y-websocket. */
const SYNC = 0;
const AWARENESS = 1;

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
const doc = new Y.Doc();
const sockets = new Set<WebSocket>();

serveSocket(server);

server.on('connection', (socket) => {
  sockets.add(socket);
  socket.on('message', (data) => receive(socket, data));
  socket.on('close', () => sockets.delete(socket));
  socket.on('error', () => socket.terminate());
  socket.send(encodeSync((encoder) => writeSyncStep1(encoder, doc)));
});

doc.on('update', (update: Uint8Array, origin: unknown) => {
  const message = encodeSync((encoder) => writeUpdate(encoder, update));
  for (const socket of sockets) if (socket !== origin) socket.send(message);
});

function receive(socket: WebSocket, data: RawData): void {
  const message = new Uint8Array(data as Buffer);
  const decoder = decoding.createDecoder(message);
  const kind = decoding.readVarUint(decoder);
  // The sender hears its own: that tells its provider that the connection lives.
  if (kind === AWARENESS) for (const each of sockets) each.send(message);
  if (kind !== SYNC) return;
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, SYNC);
  readSyncMessage(decoder, encoder, doc, socket);
  // Longer than its kind: there is an answer.
  if (encoding.length(encoder) > 1) socket.send(encoding.toUint8Array(encoder));
}

function encodeSync(write: (encoder: encoding.Encoder) => void): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, SYNC);
  write(encoder);
  return encoding.toUint8Array(encoder);
}
