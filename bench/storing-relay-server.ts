/*
 * The floor of typing together for whoever sends nothing on before it is on the disk: raw ws that appends what it hears to a
 * file, all that came in one turn of the event loop with one fdatasync, and then sends it on. Nothing is looked into.
 */
import { fdatasyncSync, mkdtempSync, openSync, writevSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import { serveSocket } from './server-process.ts';

const file = openSync(join(mkdtempSync(join(tmpdir(), 'breakwater-bench-')), 'log'), 'a');
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });

serveSocket(server);

const sockets = new Set<WebSocket>();
let waiting: { readonly from: WebSocket; readonly data: Buffer }[] = [];

/** Buffers that the system takes at once. */
const MAX_BUFFERS = 1_024;

server.on('connection', (socket) => {
  sockets.add(socket);
  socket.on('message', (data: Buffer) => {
    if (waiting.length === 0) setImmediate(storeAndSend);
    waiting.push({ from: socket, data });
  });
  socket.on('close', () => sockets.delete(socket));
  socket.on('error', () => socket.terminate());
});

function storeAndSend(): void {
  const stored = waiting;
  waiting = [];
  for (let i = 0; i < stored.length; i += MAX_BUFFERS) {
    writevSync(
      file,
      stored.slice(i, i + MAX_BUFFERS).map(({ data }) => data),
    );
  }
  fdatasyncSync(file);
  for (const { from, data } of stored) for (const each of sockets) if (each !== from) each.send(data);
}
