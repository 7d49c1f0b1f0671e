import {
  CloseCode,
  type Connected,
  type DownMessage,
  isFinal,
  MIN_PROTOCOL_VERSION,
  needsNewToken,
  type Pong,
  PROTOCOL_VERSION,
  type RoomClosed,
  type RoomData,
  type RoomOpened,
  type Rows,
  retryAfterMs,
  up,
} from '@breakwater/protocol';
import { describeError } from '../describe-error.ts';
import type { Scheduler } from '../scheduler.ts';
import { createFrameReader } from './frame-reader.ts';
import { canInflate } from './inflate.ts';
import {
  type ConnectionEvent,
  type ConnectionState,
  type Halt,
  initialState,
  type MachineOptions,
  transition,
  wakeAt,
} from './machine.ts';
import { type BlobNews, createSession, type Session, type SessionRunner } from './session.ts';
import type { WebSocketLike } from './web-socket-like.ts';

export interface ConnectionOptions extends MachineOptions {
  readonly url: string;
  readonly replica: string;
  readonly token: () => string | Promise<string>;
  readonly webSocket: (url: string) => WebSocketLike;
  readonly scheduler: Scheduler;
  /** A random number in [0, 1). */
  readonly random: () => number;
  /** Where an earlier run of the app left an open breaker. */
  readonly halt?: Halt | undefined;
  readonly onState: (state: ConnectionState) => void;
  /** A link is live. The session's signal says when it is no longer. */
  readonly onSession: (session: Session) => void;
  readonly onRows: (session: Session, rows: Rows) => void;
  readonly onBlobs?: (session: Session, news: BlobNews) => void;
  readonly onRoom?: (session: Session, message: RoomOpened | RoomData | RoomClosed) => void;
  /** The server has answered a heartbeat, after so many milliseconds. */
  readonly onLatency?: (latencyMs: number) => void;
}

/** A database's managed lifeline: at most one socket, opened and given up as the machine says. */
export interface Connection {
  readonly state: ConnectionState;
  dispatch(event: ConnectionEvent): void;
}

/** A fresh token is sent so long before the one before expires, in milliseconds; of one that lives shorter, at half time. */
const RENEW_BEFORE_MS = 60_000;

/** How often the client asks whether the server is still there, in milliseconds. */
export const HEARTBEAT_MS = 20_000;

export function createConnection(options: ConnectionOptions): Connection {
  const { scheduler } = options;
  let state = initialState(scheduler.now(), options.halt);
  let link: Link | undefined;
  let cancelTimer = () => {};

  function dispatch(event: ConnectionEvent): void {
    const next = transition(state, event, options, { now: scheduler.now(), random: options.random() });
    if (next.state !== state) {
      state = next.state;
      setTimer();
    }
    for (const effect of next.effects) {
      if (effect === 'open-socket') link = openLink(options, dispatch);
      else closeLink();
    }
    options.onState(state);
  }

  function setTimer(): void {
    cancelTimer();
    const at = wakeAt(state);
    cancelTimer =
      at === undefined ? () => {} : scheduler.after(at - scheduler.now(), () => dispatch({ type: 'timer' }));
  }

  function closeLink(): void {
    link?.close();
    link = undefined;
  }

  return {
    get state() {
      return state;
    },
    dispatch,
  };
}

interface Link {
  close(): void;
}

/**
 * One socket from its opening to its end. After close() nothing of it is heard any more: a late event of an old socket
 * must never touch the session of a new one.
 */
function openLink(options: ConnectionOptions, dispatch: (event: ConnectionEvent) => void): Link {
  let closed = false;
  let runner: SessionRunner | undefined;
  let cancelHeartbeat = () => {};
  let cancelRenewal = () => {};
  let socket: WebSocketLike | undefined;
  /** What the server said of the link as a whole, before it ended it. */
  let fault: string | undefined;

  function report(event: ConnectionEvent): void {
    if (!closed) dispatch(event);
  }

  function lose(cause: string, floorMs?: number): void {
    report({ type: 'lost', cause, floorMs });
  }

  function onClose(code: number, reason: string): void {
    if (needsNewToken(code)) report({ type: 'token-refused', reason: reason || 'the server did not take the token' });
    else if (isFinal(code)) report({ type: 'fail', reason: reason || `the server closed with code ${code}` });
    else lose(fault ?? describeClose(code, reason), retryAfterMs(code, reason));
  }

  async function sendConnect(): Promise<void> {
    const token = await options.token();
    if (closed) return;
    const versions = [MIN_PROTOCOL_VERSION, PROTOCOL_VERSION] as const;
    socket?.send(up.encode({ type: 'connect', versions, token, replica: options.replica, inflates: canInflate() }));
  }

  const reader = createFrameReader({ onMessage, onFault: (error) => lose(describeError(error)) });

  function onMessage(message: DownMessage): void {
    if (closed) return;
    if (message.type === 'error' && message.request === 0) fault = message.message;
    if (runner) runner.receive(message);
    else if (message.type === 'connected') onConnected(message);
  }

  function onConnected(connected: Connected): void {
    const created = createSession({
      connected,
      scheduler: options.scheduler,
      send: (frame) => socket?.send(frame),
      onRows: (rows) => options.onRows(created.session, rows),
      onBlobs: (news) => options.onBlobs?.(created.session, news),
      onRoom: (message) => options.onRoom?.(created.session, message),
      onDeadline: (type, cause) => report({ type: type === 'ping' ? 'lost' : 'sync-failed', cause }),
    });
    runner = created;
    report({ type: 'connected', spreadMs: connected.reconnectSpreadMs });
    if (closed) return;
    beat(created.session);
    renewBefore(created.session, connected.expiresAt, connected.serverTime);
    options.onSession(created.session);
  }

  /** The reply's deadline notices a peer that is gone without a word. */
  function beat(session: Session): void {
    const sentAt = options.scheduler.now();
    const onPong = ({ reconnectSpreadMs }: Pong) => {
      report({ type: 'spread', spreadMs: reconnectSpreadMs });
      options.onLatency?.(Math.max(0, options.scheduler.now() - sentAt));
      cancelHeartbeat = options.scheduler.after(HEARTBEAT_MS, () => beat(session));
    };
    // Its failure is the end of the link, which is reported elsewhere.
    session.request({ type: 'ping' }, onPong).catch(() => {});
  }

  /** By the server's clock alone: only how long the token still lives counts here. */
  function renewBefore(session: Session, expiresAt: number, serverTime: number): void {
    if (expiresAt === 0) return;
    const leftMs = Math.max(0, expiresAt - serverTime);
    const delayMs = Math.max(leftMs / 2, leftMs - RENEW_BEFORE_MS);
    cancelRenewal = options.scheduler.after(delayMs, () => {
      // Without a fresh one the server ends the session, and the next attempt asks again.
      renew(session, expiresAt, serverTime + delayMs).catch(() => {});
    });
  }

  async function renew(session: Session, expiresAt: number, serverTime: number): Promise<void> {
    const token = await options.token();
    await session.request({ type: 'auth', token }, (authed) => {
      // An app that has no fresher one would be asked ever faster, the nearer the end.
      if (authed.expiresAt === 0 || authed.expiresAt > expiresAt) renewBefore(session, authed.expiresAt, serverTime);
    });
  }

  try {
    socket = options.webSocket(options.url);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => void sendConnect().catch((error: unknown) => lose(`token() failed: ${describeError(error)}`));
    socket.onmessage = ({ data }: { readonly data: unknown }) => {
      if (!closed && data instanceof ArrayBuffer) reader.take(new Uint8Array(data));
    };
    socket.onclose = (event: { readonly code: number; readonly reason: string }) => onClose(event.code, event.reason);
    socket.onerror = () => {};
  } catch (error) {
    // After this turn: the machine must have finished the transition that opened the socket.
    queueMicrotask(() => lose(`the socket could not be opened: ${describeError(error)}`));
  }

  return {
    close() {
      closed = true;
      cancelHeartbeat();
      cancelRenewal();
      runner?.end('the connection was closed');
      try {
        socket?.close(CloseCode.normal);
      } catch {
        // A socket that cannot be closed has nothing left to close.
      }
    },
  };
}

/** Browsers report every failure of a socket as 1006, on purpose without a cause. */
function describeClose(code: number, reason: string): string {
  if (reason !== '') return reason;
  return code === 1006 ? 'the server cannot be reached' : `the server closed the connection (${code})`;
}
