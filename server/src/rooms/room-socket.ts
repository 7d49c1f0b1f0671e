import { CloseCode } from '@breakwater/protocol';
import { createHeartbeat } from '../heartbeat.ts';
import type { Identity } from '../identity.ts';
import { createInbox } from '../inbox.ts';
import { createOutbox } from '../outbox.ts';
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
  readonly scheduler: Scheduler;
  readonly onClosed: () => void;
}

/** A socket that is one room and nothing else, as y-websocket opens it. */
export function startRoomSocket(options: RoomSocketOptions): Session {
  const { socket, rooms, identity, address, scheduler, onClosed } = options;
  let member: RoomMember | undefined;
  let isClosed = false;
  let cancelGrace = () => {};

  const outbox = createOutbox({
    socket,
    scheduler,
    onDrained: () => member?.drained(),
    onStuck: () => close(CloseCode.tryAgainLater, 'too much is unread'),
  });
  const inbox = createInbox<Uint8Array>({ handle, pause: () => socket.pause(), resume: () => socket.resume() });
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
    heartbeat.heard();
    if (isBinary) inbox.take(data, data.length);
    else close(CloseCode.badRequest, 'text frames are no messages of this protocol');
  });
  socket.on('pong', () => heartbeat.heard());
  socket.on('close', () => {
    end();
    cancelGrace();
  });
  // Broken frames, frames too large, a lost network: the socket closes after it, with the code that fits.
  socket.on('error', () => {});

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
