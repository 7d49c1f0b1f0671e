import type { Scheduler, WebSocketLike } from '@breakwater/client';
import { CloseCode, type Connected, type DownMessage, down, type UpMessage, up } from '@breakwater/protocol';

/** What the other end does with one attempt to connect. */
export type Behaviour =
  /** Nobody listens. */
  | 'refuses'
  /** The socket opens, and that is all. */
  | 'stays silent'
  /** Everything works. */
  | 'accepts'
  /** Says `connected`, and drops the link 1 s later. */
  | 'accepts and drops'
  /** Nothing happens at all: not even the socket opens. */
  | 'hangs'
  | { readonly closes: number; readonly reason?: string };

export interface ScriptedServer {
  /** Milliseconds at which sockets were opened. */
  readonly attempts: readonly number[];
  readonly received: readonly UpMessage[];
  /** The client's ends of all sockets, oldest first. */
  readonly sockets: readonly WebSocketLike[];
  behaviour: Behaviour;
  /** What each pong says of the time over which clients come back. */
  spreadMs: number;
  readonly webSocket: (url: string) => WebSocketLike;
  /** Drops the link that is live. */
  drop(code?: number, reason?: string): void;
  say(message: DownMessage): void;
}

export const CONNECTED: Connected = {
  type: 'connected',
  version: 4,
  serverId: 'server-1',
  epoch: 'epoch-1',
  tenant: 'tenant-1',
  user: 'user-1',
  labels: ['tenant-1'],
  serverTime: 0,
  expiresAt: 0,
  reconnectSpreadMs: 250,
  limits: {
    maxRowBytes: 786_432,
    maxMessageBytes: 1_048_576,
    maxPushRows: 1_000,
    maxBlobBytes: 104_857_600,
    maxMessagesPerSecond: 1_000,
    maxBytesPerSecond: 16 * 1024 * 1024,
  },
};

/** A server as the client's sockets meet it, without a network: it does what the test says. */
export function createScriptedServer(scheduler: Scheduler, connected: Partial<Connected> = {}): ScriptedServer {
  const attempts: number[] = [];
  const received: UpMessage[] = [];
  const sockets: WebSocketLike[] = [];
  let live: FakeSocket | undefined;

  const server: ScriptedServer = {
    attempts,
    received,
    sockets,
    behaviour: 'accepts',
    spreadMs: CONNECTED.reconnectSpreadMs,
    webSocket() {
      attempts.push(scheduler.now());
      const socket = createFakeSocket((message) => answer(socket, message));
      live = socket;
      sockets.push(socket.client);
      scheduler.after(0, () => begin(socket));
      return socket.client;
    },
    drop: (code = 1006, reason = '') => live?.end(code, reason),
    say: (message) => live?.say(message),
  };

  function begin(socket: FakeSocket): void {
    const { behaviour } = server;
    if (behaviour === 'hangs') return;
    if (behaviour === 'refuses') socket.end(1006, '');
    else socket.open();
  }

  function answer(socket: FakeSocket, message: UpMessage): void {
    received.push(message);
    const { behaviour } = server;
    if (typeof behaviour === 'object') return socket.end(behaviour.closes, behaviour.reason ?? '');
    if (behaviour === 'stays silent') return;
    if (message.type === 'connect') socket.say({ ...CONNECTED, serverTime: scheduler.now(), ...connected });
    if (message.type === 'ping')
      socket.say({ type: 'pong', request: message.request, reconnectSpreadMs: server.spreadMs });
    if (behaviour === 'accepts and drops') scheduler.after(1_000, () => socket.end(1006, ''));
  }

  return server;
}

interface FakeSocket {
  readonly client: WebSocketLike;
  open(): void;
  say(message: DownMessage): void;
  end(code: number, reason: string): void;
}

function createFakeSocket(onMessage: (message: UpMessage) => void): FakeSocket {
  let isOpen = false;
  let isEnded = false;
  const client: WebSocketLike = {
    binaryType: 'blob',
    onopen: null,
    onmessage: null,
    onclose: null,
    onerror: null,
    send(data) {
      if (!isOpen) throw new Error('the socket is not open');
      const message = up.decode(data);
      if (message) onMessage(message);
    },
    close: () => end(CloseCode.normal, ''),
  };

  function end(code: number, reason: string): void {
    if (isEnded) return;
    isEnded = true;
    isOpen = false;
    client.onclose?.({ code, reason } as never);
  }

  return {
    client,
    open() {
      if (isEnded) return;
      isOpen = true;
      client.onopen?.(undefined as never);
    },
    say(message) {
      if (isOpen) client.onmessage?.({ data: down.encode(message).buffer } as never);
    },
    end,
  };
}
