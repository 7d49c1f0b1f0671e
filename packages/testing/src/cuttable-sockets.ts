import type { WebSocketLike } from '@breakwater/client';
import { WebSocket } from 'ws';

/** Real sockets of one client, which the test can cut. */
export interface CuttableSockets {
  readonly webSocket: (url: string) => WebSocketLike;
  /** Drops the socket without a closing handshake. */
  cut(): void;
  /** From now on nothing that the server says is heard on the present socket: its acks never arrive. */
  deafen(): void;
}

export function createCuttableSockets(): CuttableSockets {
  let current: { readonly socket: WebSocket; deaf: boolean } | undefined;
  return {
    webSocket(url) {
      const socket = new WebSocket(url, { perMessageDeflate: false });
      const entry = { socket, deaf: false };
      current = entry;
      return asWebSocketLike(socket, () => entry.deaf);
    },
    cut: () => current?.socket.terminate(),
    deafen() {
      if (current) current.deaf = true;
    },
  };
}

function asWebSocketLike(socket: WebSocket, isDeaf: () => boolean): WebSocketLike {
  const like: WebSocketLike = {
    binaryType: 'arraybuffer',
    onopen: null,
    onmessage: null,
    onclose: null,
    onerror: null,
    send: (data) => socket.send(data),
    close: (code, reason) => socket.close(code, reason),
  };
  socket.binaryType = 'arraybuffer';
  socket.on('open', () => like.onopen?.(undefined as never));
  socket.on('message', (data) => {
    if (!isDeaf()) like.onmessage?.({ data } as never);
  });
  socket.on('close', (code, reason) => like.onclose?.({ code, reason: reason.toString() } as never));
  socket.on('error', () => like.onerror?.(undefined as never));
  return like;
}
