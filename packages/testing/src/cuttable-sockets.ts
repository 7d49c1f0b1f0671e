import type { WebSocketLike } from '@breakwater/client';
import { type DownMessage, down } from '@breakwater/protocol';
import { WebSocket } from 'ws';

/** Real sockets of one client, which the test can cut. */
export interface CuttableSockets {
  readonly webSocket: (url: string) => WebSocketLike;
  /** Drops the socket without a closing handshake. */
  cut(): void;
  /** From now on nothing that the server says is heard on the present socket: its acks never arrive. */
  deafen(): void;
  /** From its next message of this type on, what the server says waits until release(). Resolves when it does. */
  hold(type: DownMessage['type']): Promise<void>;
  release(): void;
  /** Called with what the client sends. */
  onSend: (frame: Uint8Array) => void;
  /** Called with what the client hears. */
  onHear: (frame: Uint8Array) => void;
}

interface Entry {
  readonly socket: WebSocket;
  isDeaf: boolean;
}

export function createCuttableSockets(): CuttableSockets {
  let current: Entry | undefined;
  let held: (() => void)[] | undefined;
  let awaited: { readonly type: DownMessage['type']; resolve(): void } | undefined;

  function hear(frame: Uint8Array, deliver: () => void): void {
    if (awaited !== undefined && down.decode(frame)?.type === awaited.type) {
      held = [];
      awaited.resolve();
      awaited = undefined;
    }
    if (held === undefined) deliver();
    else held.push(deliver);
  }

  const sockets: CuttableSockets = {
    onSend: () => {},
    onHear: () => {},
    webSocket(url) {
      const entry = { socket: new WebSocket(url, { perMessageDeflate: false }), isDeaf: false };
      current = entry;
      return asWebSocketLike(entry, {
        hear,
        say: (frame) => sockets.onSend(frame),
        heard: (frame) => sockets.onHear(frame),
      });
    },
    cut: () => current?.socket.terminate(),
    deafen() {
      if (current) current.isDeaf = true;
    },
    hold(type) {
      const { promise, resolve } = Promise.withResolvers<void>();
      awaited = { type, resolve };
      return promise;
    },
    release() {
      const waiting = held ?? [];
      held = undefined;
      awaited = undefined;
      for (const deliver of waiting) deliver();
    },
  };
  return sockets;
}

interface Ears {
  readonly hear: (frame: Uint8Array, deliver: () => void) => void;
  readonly say: (frame: Uint8Array) => void;
  readonly heard: (frame: Uint8Array) => void;
}

function asWebSocketLike(entry: Entry, { hear, say, heard }: Ears): WebSocketLike {
  const { socket } = entry;
  const like: WebSocketLike = {
    binaryType: 'arraybuffer',
    onopen: null,
    onmessage: null,
    onclose: null,
    onerror: null,
    send(data) {
      say(data);
      socket.send(data);
    },
    close: (code, reason) => socket.close(code, reason),
  };
  socket.binaryType = 'arraybuffer';
  socket.on('open', () => like.onopen?.(undefined as never));
  socket.on('message', (data) => {
    if (entry.isDeaf) return;
    const frame = new Uint8Array(data as ArrayBuffer);
    hear(frame, () => {
      heard(frame);
      like.onmessage?.({ data } as never);
    });
  });
  socket.on('close', (code, reason) => like.onclose?.({ code, reason: reason.toString() } as never));
  socket.on('error', () => like.onerror?.(undefined as never));
  return like;
}
