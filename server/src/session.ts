import {
  type Auth,
  CloseCode,
  type Connect,
  type Connected,
  down,
  type ErrorCode,
  FrameError,
  formatRetryAfter,
  MIN_PROTOCOL_VERSION,
  PROTOCOL_VERSION,
  type UpMessage,
  up,
} from '@breakwater/protocol';
import type { WebSocket } from 'ws';
import { RETRY_AFTER_S } from './admission.ts';
import { createHeartbeat, type Heartbeat } from './heartbeat.ts';
import type { Hub, Member } from './hub.ts';
import { type Authenticate, type Identity, identify, toWireExpiry } from './identity.ts';
import { createInbox } from './inbox.ts';
import { labelsText } from './labels.ts';
import type { Limits } from './limits.ts';
import { type Offence, offenceOf } from './offences.ts';
import { createOutbox } from './outbox.ts';
import { createRateGuard, type PingedSocket } from './rate-guard.ts';
import { createRoomChannels, type RoomChannels } from './rooms/room-channels.ts';
import type { Rooms } from './rooms/rooms.ts';
import { at, type Scheduler } from './scheduler.ts';
import type { Peer } from './stream.ts';

/** The server's side of one socket: waiting for `connect`, then live, then closed. */
export interface Session {
  /** Says goodbye with a close code and its reason. */
  close(code: number, reason: string): void;
}

/** A session that knows of what its socket has read and not handed over yet. */
export interface WireSession extends Session {
  /** Of a message that may never be whole. */
  tooMuchBeforeLive(): void;
}

export type SessionSocket = Pick<
  WebSocket,
  'bufferedAmount' | 'close' | 'ping' | 'pong' | 'pause' | 'resume' | 'terminate'
> &
  PingedSocket & {
    send(frame: Uint8Array, sent: (error?: Error | null) => void): void;
    on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): unknown;
    on(event: 'pong' | 'close', listener: () => void): unknown;
    on(event: 'error', listener: (error: Error) => void): unknown;
  };

export interface SessionOptions {
  readonly socket: SessionSocket;
  readonly hub: Hub;
  readonly rooms: Rooms;
  readonly authenticate: Authenticate;
  /** The answer to `connect`. */
  readonly welcome: (identity: Required<Identity>, version: number) => Connected;
  /** Over which time lost clients should spread their coming back, in milliseconds. */
  readonly spreadMs: () => number;
  readonly limits: Limits;
  /** Takes a place of the user, and answers how it is given back; undefined: the user has as many as there may be. */
  readonly enter: (who: Identity) => (() => void) | undefined;
  readonly scheduler: Scheduler;
  readonly log: (line: string) => void;
  /** The session ends for this. At most once. */
  readonly offended: (offence: Offence, who?: Pick<Identity, 'tenant' | 'user'>) => void;
  readonly onLive: () => void;
  readonly onClosed: () => void;
}

/** From the opening of the socket to `connected`; traffic does not extend it. In milliseconds. */
export const CONNECT_DEADLINE_MS = 10_000;

/** Bytes of frames before `connected`: room for a large token, and nothing worth attacking with. */
export const MAX_BYTES_BEFORE_LIVE = 16 * 1024;

/** How long a closed socket may take over its goodbye, in milliseconds. */
export const CLOSE_GRACE_MS = 5_000;

/** The websocket protocol has room for no more. */
const MAX_REASON_BYTES = 123;

type State = { readonly kind: 'waiting'; bytes: number } | Live | { readonly kind: 'closed' };

interface Live {
  readonly kind: 'live';
  readonly member: Member;
  readonly channels: RoomChannels;
  readonly heartbeat: Heartbeat;
  readonly identity: Required<Identity>;
  readonly cancelExpiry: () => void;
}

export function startSession(options: SessionOptions): WireSession {
  const { socket, hub, rooms, authenticate, welcome, limits, scheduler, log, onLive, onClosed } = options;

  let state: State = { kind: 'waiting', bytes: 0 };
  let cancelTimer = scheduler.after(CONNECT_DEADLINE_MS, () => {
    turnAway('no-connect', CloseCode.tryAgainLater, `no session within ${CONNECT_DEADLINE_MS / 1000} s`);
  });
  let leavePlace = () => {};

  const outbox = createOutbox({
    socket,
    scheduler,
    onDrained,
    onStuck: () => turnAway('stuck', CloseCode.tryAgainLater, 'too much is unread'),
  });
  const inbox = createInbox<Uint8Array>({ handle, pause: () => socket.pause(), resume: () => socket.resume() });
  const rate = createRateGuard({
    socket,
    limits,
    scheduler,
    onExceeded: (reason) => turnAway('rate', CloseCode.limitExceeded, reason, 'rate-exceeded'),
  });

  socket.on('message', receive);
  socket.on('pong', () => rate.admits(0) && heard());
  socket.on('ping', heard);
  socket.on('close', () => {
    end();
    cancelTimer();
  });
  socket.on('error', onBroken);

  return { close, tooMuchBeforeLive };

  function receive(data: Buffer, isBinary: boolean): void {
    if (!rate.admits(data.length)) return;
    heard();
    if (!isBinary) {
      return turnAway('malformed', CloseCode.malformed, 'text frames are no messages of this protocol');
    }
    if (state.kind === 'waiting') {
      state.bytes += data.length;
      if (state.bytes > MAX_BYTES_BEFORE_LIVE) return tooMuchBeforeLive();
    }
    inbox.take(data, data.length);
  }

  function tooMuchBeforeLive(): void {
    turnAway('too-much-before-connected', CloseCode.tooBig, 'too much before connected');
  }

  /**
   * Broken frames, frames too large, a lost network: the websocket has said the code that fits, and hears nothing any more but
   * the answer to that.
   */
  function onBroken(error: Error): void {
    const offence = offenceOf(error);
    if (offence !== undefined) report(offence);
    end();
    cancelTimer();
    cancelTimer = scheduler.after(CLOSE_GRACE_MS, () => socket.terminate());
  }

  function onDrained(): void {
    if (state.kind !== 'live') return;
    state.member.drained();
    state.channels.drained();
  }

  function heard(): void {
    if (state.kind === 'live') state.heartbeat.heard();
  }

  async function handle(frame: Uint8Array): Promise<void> {
    try {
      if (state.kind === 'waiting') await handleFirst(frame);
      else if (state.kind === 'live') await handleLive(up.decode(frame), state);
    } catch (error) {
      if (error instanceof FrameError) return turnAway('malformed', CloseCode.malformed, error.message);
      log(`A session failed: ${error instanceof Error ? error.stack : error}`);
      return close(CloseCode.tryAgainLater, 'the server failed');
    }
    // Who does not read the answers asks no further questions.
    await outbox.room();
  }

  async function handleFirst(frame: Uint8Array): Promise<void> {
    const message = up.decode(frame);
    if (message === undefined) return;
    if (message.type !== 'connect') {
      return turnAway('malformed', CloseCode.malformed, 'the first message must be connect');
    }
    const [min, max] = message.versions;
    if (min > PROTOCOL_VERSION || max < MIN_PROTOCOL_VERSION) {
      const spoken = `${MIN_PROTOCOL_VERSION} to ${PROTOCOL_VERSION}`;
      return close(CloseCode.upgradeRequired, `the server speaks the versions ${spoken}, the client ${min} to ${max}`);
    }
    await connect(message);
  }

  async function connect({ token, versions, replica, inflates }: Connect): Promise<void> {
    const identity = await identifyOrClose(token);
    if (identity === undefined || state.kind !== 'waiting') return;
    const { tenant, user, labels } = identity;
    const leave = options.enter(identity);
    if (leave === undefined) {
      const reason = `${user} has as many connections as a user may have; close another one`;
      const retryAfter = formatRetryAfter(RETRY_AFTER_S * 1000);
      options.offended('connections-of-user', { tenant, user });
      sendFault('too-many-connections', reason);
      return close(CloseCode.tryAgainLater, retryAfter);
    }
    leavePlace = leave;
    const endSession = (reason: string) => close(CloseCode.tryAgainLater, reason);
    const { send, isFull } = outbox;
    const peer: Peer = { tenant, user, labels, replica, inflates, send, isFull, end: endSession };
    const member = hub.join(peer);
    cancelTimer();
    const heartbeat = startHeartbeat();
    const channels = createRoomChannels({ rooms, peer, probe: heartbeat.probe });
    state = { kind: 'live', member, channels, heartbeat, identity, cancelExpiry: expireAt(identity) };
    outbox.send(down.encode(welcome(identity, Math.min(PROTOCOL_VERSION, versions[1]))));
    onLive();
    // Whoever is told of the session may have ended it.
    if (state.kind === 'live') member.begin();
  }

  /** A token that is no longer good opens no door, and keeps none open. */
  function expireAt({ expiresAt }: Required<Identity>): () => void {
    return at(scheduler, expiresAt, () => close(CloseCode.unauthenticated, 'the token has expired'));
  }

  async function renew({ request, token }: Auth): Promise<void> {
    const identity = await identifyOrClose(token);
    if (identity === undefined || state.kind !== 'live') return;
    const { tenant, user, labels } = state.identity;
    if (identity.tenant !== tenant || identity.user !== user) {
      return close(CloseCode.forbidden, 'the new token is of another user');
    }
    if (labelsText(identity.labels) !== labelsText(labels))
      return close(CloseCode.tryAgainLater, 'rights have changed');
    state.cancelExpiry();
    state = { ...state, identity, cancelExpiry: expireAt(identity) };
    outbox.send(down.encode({ type: 'authed', request, expiresAt: toWireExpiry(identity.expiresAt) }));
  }

  async function identifyOrClose(token: string): Promise<Required<Identity> | undefined> {
    const answer = await identify(authenticate, token, log);
    if ('identity' in answer) return answer.identity;
    close(CloseCode.unauthenticated, answer.refusal);
    return undefined;
  }

  function startHeartbeat(): Heartbeat {
    return createHeartbeat({
      scheduler,
      ping: () => socket.ping(),
      isCongested: () => inbox.isPaused || socket.bufferedAmount > 0,
      onSilence: () => socket.terminate(),
    });
  }

  async function handleLive(message: UpMessage | undefined, { member, channels }: Live): Promise<void> {
    switch (message?.type) {
      case undefined:
        return;
      case 'pull':
        return member.pull(message);
      case 'get':
        return await member.get(message);
      case 'push':
        return await member.push(message);
      case 'blob-get':
        return await member.blobGet(message);
      case 'blob-put':
        return await member.blobPut(message);
      case 'blob-lacks':
        return member.blobLacks(message);
      case 'ping':
        return outbox.send(
          down.encode({ type: 'pong', request: message.request, reconnectSpreadMs: options.spreadMs() }),
        );
      case 'auth':
        return await renew(message);
      case 'room-open':
        return await channels.open(message);
      case 'room-data':
        return await channels.receive(message);
      case 'room-close':
        return channels.leave(message);
      case 'connect':
        return turnAway('malformed', CloseCode.malformed, 'connect comes once');
    }
  }

  /** For something that the client did. */
  function turnAway(offence: Offence, code: number, reason: string, fault?: ErrorCode): void {
    if (state.kind === 'closed') return;
    report(offence);
    if (fault !== undefined) sendFault(fault, reason);
    close(code, reason);
  }

  function report(offence: Offence): void {
    if (state.kind === 'live') options.offended(offence, state.identity);
    else if (state.kind === 'waiting') options.offended(offence);
  }

  /** Programs get to see it even where a close has no room for a reason. */
  function sendFault(code: ErrorCode, message: string): void {
    outbox.send(down.encode({ type: 'error', request: 0, code, message }));
  }

  function close(code: number, reason: string): void {
    if (state.kind === 'closed') return;
    end();
    cancelTimer();
    cancelTimer = scheduler.after(CLOSE_GRACE_MS, () => socket.terminate());
    // Paused, it would never read the other side's goodbye.
    socket.resume();
    socket.close(code, fitReason(reason));
  }

  function end(): void {
    if (state.kind === 'closed') return;
    if (state.kind === 'live') {
      state.member.leave();
      state.channels.leaveAll();
      state.heartbeat.stop();
      state.cancelExpiry();
    }
    state = { kind: 'closed' };
    leavePlace();
    inbox.close();
    outbox.close();
    onClosed();
  }
}

export function fitReason(reason: string): string {
  let fitting = reason;
  while (Buffer.byteLength(fitting) > MAX_REASON_BYTES) fitting = fitting.slice(0, -1);
  return fitting;
}
