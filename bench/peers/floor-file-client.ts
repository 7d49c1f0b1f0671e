/* A client of the floor: it sends pieces of files, an empty message behind each file, and counts what it receives. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { nowMs, serve } from '../child.ts';
import type { FileClientApi } from './file-peer.ts';

const PIECE_BYTES = 64 * 1024;

let socket: WebSocket | undefined;
let files: Buffer[] = [];
let allHere: Promise<number> | undefined;

serve<FileClientApi>({
  async open(port) {
    socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
    await once(socket, 'open');
  },

  make(count, bytes) {
    files = Array.from({ length: count }, () => randomBytes(bytes));
  },

  async send() {
    const began = nowMs();
    const to = opened();
    for (const file of files) {
      const stored = once(to, 'message');
      for (let at = 0; at < file.length; at += PIECE_BYTES) to.send(file.subarray(at, at + PIECE_BYTES));
      to.send('');
      await stored;
    }
    return began;
  },

  async expect(count) {
    let left = count;
    allHere = new Promise((resolve) => {
      opened().on('message', (data: Buffer) => data.length === 0 && --left === 0 && resolve(nowMs()));
    });
  },

  async arrived() {
    if (allHere === undefined) throw new Error('nothing is expected');
    return allHere;
  },
});

function opened(): WebSocket {
  if (socket === undefined) throw new Error('the client is not open');
  return socket;
}
