import type { WebSocketLike } from '@breakwater/client';
import { WebSocket } from 'ws';

/** Bytes of one direction, with the headers of the frames. */
export interface WireCount {
  bytes: number;
}

/** A websocket that adds up what it sends and receives. */
export function countingSocket(url: string, sent: WireCount, received: WireCount): WebSocketLike {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  const send = socket.send.bind(socket);
  socket.send = (data: Uint8Array) => {
    // A client masks: four bytes more.
    sent.bytes += data.length + headerBytes(data.length) + 4;
    send(data);
  };
  socket.on('message', (data: Buffer | ArrayBuffer) => {
    received.bytes += data.byteLength + headerBytes(data.byteLength);
  });
  return socket as unknown as WebSocketLike;
}

function headerBytes(length: number): number {
  if (length < 126) return 2;
  return length < 65_536 ? 4 : 10;
}
