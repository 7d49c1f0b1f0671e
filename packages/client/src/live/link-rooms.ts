import { CloseCode, type RoomClosed, type RoomData, type RoomOpened } from '@breakwater/protocol';
import { LinkLostError } from '../connection/errors.ts';
import type { Session } from '../connection/session.ts';
import type { RoomEars, RoomName, RoomSeat, Rooms } from './rooms.ts';

/** The rooms of a connection: each seat is a channel of the one socket that there is, or waits for it. */
export interface LinkRooms extends Rooms {
  /** A link is live: whoever waits goes in. */
  begin(session: Session): void;
  receive(session: Session, message: RoomOpened | RoomData | RoomClosed): void;
}

/** As a websocket's: the connection was lost. */
const LOST = 1006;

/** Of the frame around a message, in bytes. */
const FRAME_OVERHEAD = 16;

interface Seat {
  readonly room: RoomName;
  readonly ears: RoomEars;
  /** Undefined: it waits for a link. */
  channel: number | undefined;
}

export function createLinkRooms(): LinkRooms {
  const seats = new Set<Seat>();
  const seatByChannel = new Map<number, Seat>();
  let current: Session | undefined;
  let lastChannel = 0;

  function enter(session: Session, seat: Seat): void {
    const channel = ++lastChannel;
    seat.channel = channel;
    seatByChannel.set(channel, seat);
    session.tell({ type: 'room-open', channel, room: { kind: 'document', ...seat.room } });
  }

  function lose(seat: Seat, code: number, reason: string): void {
    if (seat.channel !== undefined) seatByChannel.delete(seat.channel);
    if (seats.delete(seat)) seat.ears.onLost(code, reason);
  }

  function end(session: Session): void {
    if (current !== session) return;
    current = undefined;
    seatByChannel.clear();
    const { reason } = session.signal;
    const cause = reason instanceof LinkLostError ? reason.message : 'the link was lost';
    for (const seat of [...seats]) if (seat.channel !== undefined) lose(seat, LOST, cause);
  }

  function send(seat: Seat, bytes: Uint8Array): void {
    const { channel } = seat;
    if (current === undefined || channel === undefined || !seats.has(seat)) return;
    const { maxMessageBytes } = current.connected.limits;
    if (bytes.length + FRAME_OVERHEAD <= maxMessageBytes) return current.tell({ type: 'room-data', channel, bytes });
    // The server would close the socket, with everything else that goes over it.
    leave(seat);
    seat.ears.onLost(
      CloseCode.full,
      `a message of ${bytes.length} bytes is too large, the server takes ${maxMessageBytes}`,
    );
  }

  function leave(seat: Seat): void {
    const { channel } = seat;
    if (channel !== undefined) seatByChannel.delete(channel);
    if (seats.delete(seat) && channel !== undefined) current?.tell({ type: 'room-close', channel });
  }

  return {
    join(room, ears): RoomSeat {
      const seat: Seat = { room, ears, channel: undefined };
      seats.add(seat);
      if (current !== undefined) enter(current, seat);
      return { send: (message) => send(seat, message), leave: () => leave(seat) };
    },
    begin(session) {
      if (session.signal.aborted) return;
      current = session;
      lastChannel = 0;
      session.signal.addEventListener('abort', () => end(session), { once: true });
      for (const seat of seats) enter(session, seat);
    },
    receive(session, message) {
      if (session !== current) return;
      const seat = seatByChannel.get(message.channel);
      if (seat === undefined) return;
      if (message.type === 'room-opened') seat.ears.onJoined(message.readOnly);
      else if (message.type === 'room-data') seat.ears.onData(message.bytes);
      else lose(seat, message.code, message.reason);
    },
  };
}
