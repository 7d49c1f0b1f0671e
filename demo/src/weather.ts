import type { WebSocketLike } from './database.ts';

/** What the window's cable is like. It knows nothing of replication: it only makes sockets, and cuts them. */
export interface Weather {
  readonly webSocket: (url: string) => WebSocketLike;
  cut(): void;
  mend(): void;
}

/** What a browser reports when a connection is gone without a word. */
const LOSS = { code: 1006, reason: '' };

/** How long it takes to notice that there is no way to the server, in milliseconds. */
const NO_WAY_MS = 400;

export function createWeather(): Weather {
  const sockets = new Set<WebSocket>();
  let isCut = false;

  function openSocket(url: string): WebSocketLike {
    const socket = new WebSocket(url);
    sockets.add(socket);
    socket.addEventListener('close', () => sockets.delete(socket));
    return socket;
  }

  return {
    webSocket: (url) => (isCut ? createDeadSocket() : openSocket(url)),
    cut() {
      isCut = true;
      for (const socket of sockets) sever(socket);
      sockets.clear();
    },
    mend() {
      isCut = false;
    },
  };
}

/** Nothing that is still on its way may arrive: not a message, and not the goodbye of an orderly close. */
function sever(socket: WebSocket): void {
  const { onclose } = socket;
  socket.onopen = null;
  socket.onmessage = null;
  socket.onclose = null;
  socket.close();
  onclose?.call(socket, new CloseEvent('close', LOSS));
}

function createDeadSocket(): WebSocketLike {
  const socket: WebSocketLike = {
    binaryType: 'arraybuffer',
    onopen: null,
    onmessage: null,
    onclose: null,
    onerror: null,
    send() {},
    close() {},
  };
  setTimeout(() => socket.onclose?.(LOSS as never), NO_WAY_MS);
  return socket;
}
