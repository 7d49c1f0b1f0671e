/*
 * The floor of attachments: raw ws relays the pieces of files to everybody else, appends them to a file, and acknowledges a
 * file after its fsync. No digest, no rows, no resuming.
 */
import { closeSync, fsyncSync, mkdtempSync, openSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import { serveSocket } from './server-process.ts';

const directory = mkdtempSync(join(tmpdir(), 'breakwater-floor-'));
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });

serveSocket(server);

const sockets = new Set<WebSocket>();
let files = 0;

server.on('connection', (socket) => {
  sockets.add(socket);
  let file: number | undefined;
  socket.on('message', (data: Buffer) => {
    for (const other of sockets) if (other !== socket) other.send(data);
    // An empty message ends a file.
    if (data.length === 0 && file !== undefined) {
      fsyncSync(file);
      closeSync(file);
      file = undefined;
      return socket.send('stored');
    }
    file ??= openSync(join(directory, String(files++)), 'w');
    writeSync(file, data);
  });
  socket.on('close', () => sockets.delete(socket));
  socket.on('error', () => socket.terminate());
});
