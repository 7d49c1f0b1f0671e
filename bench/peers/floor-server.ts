/*
 * The floor: what raw ws and node:sqlite need for the same bytes and the same durability. It stores rows without looking
 * into them, one transaction a batch, acknowledges after the commit and relays the batch. No merging, no client database.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type WebSocket, WebSocketServer } from 'ws';
import { serve } from '../child.ts';
import { ACK, BATCH, decodeBatch, encodeBatch, encodeHeader, PULL, seqOf } from './floor-messages.ts';
import type { ServerApi } from './peer.ts';

const PAGE_ROWS = 500;

const database = new DatabaseSync(join(mkdtempSync(join(tmpdir(), 'breakwater-floor-')), 'floor.sqlite'));
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
database.exec('CREATE TABLE rows (id TEXT PRIMARY KEY, seq INTEGER UNIQUE, doc TEXT) WITHOUT ROWID');
const upsert = database.prepare('INSERT OR REPLACE INTO rows (id, seq, doc) VALUES (?, ?, ?)');
const page = database.prepare('SELECT id, seq, doc FROM rows WHERE seq > ? ORDER BY seq LIMIT ?');
const sockets = new Set<WebSocket>();
let seq = 0;

serve<ServerApi>({ listen });

function listen(): Promise<number> {
  return new Promise((resolve) => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false }, () => {
      const address = server.address();
      if (typeof address === 'object' && address !== null) resolve(address.port);
    });
    server.on('connection', admit);
  });
}

function admit(socket: WebSocket): void {
  sockets.add(socket);
  socket.on('message', (data: Buffer) => {
    if (data[0] === BATCH) store(socket, data);
    if (data[0] === PULL) sendAll(socket, seqOf(data));
  });
  socket.on('close', () => sockets.delete(socket));
  socket.on('error', () => socket.terminate());
}

function store(sender: WebSocket, data: Buffer): void {
  database.exec('BEGIN');
  for (const { id, doc } of decodeBatch(data)) upsert.run(id, ++seq, doc);
  database.exec('COMMIT');
  data.writeDoubleLE(seq, 1);
  sender.send(encodeHeader(ACK, seq));
  for (const socket of sockets) if (socket !== sender) socket.send(data);
}

function sendAll(socket: WebSocket, from: number): void {
  let after = from;
  for (;;) {
    const rows = page.all(after, PAGE_ROWS);
    if (rows.length === 0) break;
    after = Number(rows.at(-1)?.seq);
    socket.send(
      encodeBatch(
        rows.map(({ id, doc }) => ({ id: String(id), doc: String(doc) })),
        after,
      ),
    );
  }
  socket.send(encodeHeader(ACK, after));
}
