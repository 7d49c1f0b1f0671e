import { CloseCode } from '@breakwater/protocol';
import { createHeartbeat } from '../heartbeat.ts';
import type { Identity } from '../identity.ts';
import { createInbox } from '../inbox.ts';
import type { Limits } from '../limits.ts';
import { type Offence, offenceOf } from '../offences.ts';
import { createOutbox } from '../outbox.ts';
import { createRateGuard } from '../rate-guard.ts';
import { at, type Scheduler } from '../scheduler.ts';
import { CLOSE_GRACE_MS, fitReason, type Session, type SessionSocket } from '../session.ts';
import type { RoomAddress } from './room-address.ts';
import type { RoomMember, RoomPeer } from './room-peer.ts';
import type { Rooms } from './rooms.ts';

export interface RoomSocketOptions {
  readonly socket: SessionSocket;
  readonly rooms: Rooms;
  readonly identity: Required<Identity>;
  readonly address: RoomAddress;
  readonly limits: Limits;
  readonly scheduler: Scheduler;
  /** The socket is closed for this. At most once. */
  readonly offended: (offence: Offence) => void;
  readonly onClosed: () => void;
}

/** A socket that is one room and nothing else, as y-websocket opens it. */
export function startRoomSocket(options: RoomSocketOptions): Session {
  const { socket, rooms, identity, address, limits, scheduler, offended, onClosed } = options;
  let member: RoomMember | undefined;
  let isClosed = false;
  let cancelGrace = () => {};

  const outbox = createOutbox({
    socket,
    scheduler,
    onDrained: () => member?.drained(),
    onStuck: () => turnAway('stuck', CloseCode.tryAgainLater, 'too much is unread'),
  });
  const inbox = createInbox<Uint8Array>({ handle, pause: () => socket.pause(), resume: () => socket.resume() });
  const rate = createRateGuard({
    socket,
    limits,
    scheduler,
    onExceeded: (reason) => turnAway('rate', CloseCode.limitExceeded, reason),
  });
  const heartbeat = createHeartbeat({
    scheduler,
    ping: () => socket.ping(),
    isCongested: () => inbox.isPaused || socket.bufferedAmount > 0,
    onSilence: () => socket.terminate(),
  });
  const cancelExpiry = at(scheduler, identity.expiresAt, () => {
    close(CloseCode.unauthenticated, 'the token has expired');
  });

  socket.on('message', (data, isBinary) => {
    if (!rate.admits(data.length)) return;
    heartbeat.heard();
    if (isBinary) inbox.take(data, data.length);
    else turnAway('malformed', CloseCode.badRequest, 'text frames are no messages of this protocol');
  });
  socket.on('pong', () => rate.admits(0) && heartbeat.heard());
  socket.on('ping', () => heartbeat.heard());
  socket.on('close', () => {
    end();
    cancelGrace();
  });
  // Broken frames, frames too large, a lost network: the websocket has said the code that fits.
  socket.on('error', (error) => {
    const offence = offenceOf(error);
    if (offence !== undefined && !isClosed) offended(offence);
    end();
    cancelGrace = scheduler.after(CLOSE_GRACE_MS, () => socket.terminate());
  });

  const opened = open();

  return { close };

  async function open(): Promise<void> {
    const answer = await rooms.open(peer(), address);
    if ('code' in answer) return close(answer.code, answer.reason);
    if (isClosed) return answer.leave();
    member = answer;
  }

  function peer(): RoomPeer {
    const { tenant, user, labels } = identity;
    return {
      tenant,
      user,
      labels,
      session: socket,
      opened() {},
      send: outbox.send,
      isFull: outbox.isFull,
      close,
      probe: () => heartbeat.probe(),
    };
  }

  async function handle(frame: Uint8Array): Promise<void> {
    await opened;
    await member?.receive(frame);
    await outbox.room();
  }

  function turnAway(offence: Offence, code: number, reason: string): void {
    if (isClosed) return;
    offended(offence);
    close(code, reason);
  }

  function close(code: number, reason: string): void {
    if (isClosed) return;
    end();
    cancelGrace = scheduler.after(CLOSE_GRACE_MS, () => socket.terminate());
    // Paused, it would never read the other side's goodbye.
    socket.resume();
    socket.close(code, fitReason(reason));
  }

  function end(): void {
    if (isClosed) return;
    isClosed = true;
    member?.leave();
    heartbeat.stop();
    cancelExpiry();
    inbox.close();
    outbox.close();
    onClosed();
  }
}
