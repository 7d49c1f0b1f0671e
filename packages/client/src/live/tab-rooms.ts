import type { Scheduler } from '../scheduler.ts';
import type { RoomEars, RoomName, RoomSeat, Rooms } from './rooms.ts';

/** What tabs tell each other of rooms. A tab that watches sits in them by way of the one that leads. */
export type RoomTabMessage =
  /** From a tab that watches. `tab` and `seat` name the seat from now on. */
  | { readonly type: 'room-join'; readonly tab: string; readonly seat: number; readonly room: RoomName }
  | { readonly type: 'room-say'; readonly tab: string; readonly seat: number; readonly message: Uint8Array }
  | { readonly type: 'room-leave'; readonly tab: string; readonly seat: number }
  /** From the leader. */
  | { readonly type: 'room-joined'; readonly tab: string; readonly seat: number; readonly isReadOnly: boolean }
  | { readonly type: 'room-hear'; readonly tab: string; readonly seat: number; readonly message: Uint8Array }
  | {
      readonly type: 'room-lost';
      readonly tab: string;
      readonly seat: number;
      readonly code: number;
      readonly reason: string;
    };

export interface TabRoomsOptions {
  /** Names this tab among the others. */
  readonly tab: string;
  readonly post: (message: RoomTabMessage) => void;
  readonly scheduler: Scheduler;
}

/** The rooms of a tab, whether it leads or watches. */
export interface TabRooms extends Rooms {
  receive(message: RoomTabMessage): void;
  /** From now on this tab leads: it goes into rooms by itself, and takes the others along. */
  lead(rooms: Rooms): void;
  /** Another tab leads from now on. */
  follow(): void;
  /** The page is gone, for a while or for good: its seats must not stay taken. */
  leaveAll(): void;
}

/** A seat from which nothing is heard for so long belongs to a tab that crashed, in milliseconds. */
const SILENT_AFTER_MS = 180_000;

/** As a websocket's: the connection was lost. */
const LOST = 1006;

interface FarSeat {
  readonly room: RoomName;
  readonly ears: RoomEars;
}

interface Guest {
  readonly seat: RoomSeat;
  onSilence: () => void;
  cancelSilence: () => void;
}

export function createTabRooms({ tab, post, scheduler }: TabRoomsOptions): TabRooms {
  /** Of this tab, in rooms that the leader is in. */
  const farBySeat = new Map<number, FarSeat>();
  /** Of other tabs, in rooms that this one is in. */
  const guestByName = new Map<string, Guest>();
  let own: Rooms | undefined;
  let lastSeat = 0;

  function joinFar(room: RoomName, ears: RoomEars): RoomSeat {
    const seat = ++lastSeat;
    farBySeat.set(seat, { room, ears });
    post({ type: 'room-join', tab, seat, room });
    return {
      send: (message) => farBySeat.has(seat) && post({ type: 'room-say', tab, seat, message }),
      leave() {
        if (farBySeat.delete(seat)) post({ type: 'room-leave', tab, seat });
      },
    };
  }

  /** Whoever was in a room by way of another leader has to go in anew. */
  function loseFar(): void {
    const lost = [...farBySeat.values()];
    farBySeat.clear();
    for (const { ears } of lost) ears.onLost(LOST, 'another tab leads now');
  }

  function hearFar(message: RoomTabMessage): void {
    const far = message.tab === tab ? farBySeat.get(message.seat) : undefined;
    if (far === undefined) return;
    if (message.type === 'room-joined') far.ears.onJoined(message.isReadOnly);
    else if (message.type === 'room-hear') far.ears.onData(message.message);
    else if (message.type === 'room-lost') {
      farBySeat.delete(message.seat);
      far.ears.onLost(message.code, message.reason);
    }
  }

  function host(rooms: Rooms, message: RoomTabMessage): void {
    const { tab, seat } = message;
    const name = `${tab} ${seat}`;
    const guest = guestByName.get(name);
    if (guest !== undefined) listen(guest);
    if (message.type === 'room-join' && guest === undefined) takeIn(rooms, name, message);
    else if (message.type === 'room-say') {
      // It sits by way of a leader that is no more.
      if (guest === undefined) post({ type: 'room-lost', tab, seat, code: LOST, reason: 'there is no such seat' });
      else guest.seat.send(message.message);
    } else if (message.type === 'room-leave' && guest !== undefined) seeOff(name, guest);
  }

  function takeIn(rooms: Rooms, name: string, { tab, seat, room }: Extract<RoomTabMessage, { type: 'room-join' }>) {
    const guest: Guest = {
      onSilence: () => {},
      cancelSilence: () => {},
      seat: rooms.join(room, {
        onJoined: (isReadOnly) => post({ type: 'room-joined', tab, seat, isReadOnly }),
        onData: (message) => post({ type: 'room-hear', tab, seat, message }),
        onLost(code, reason) {
          guest.cancelSilence();
          guestByName.delete(name);
          post({ type: 'room-lost', tab, seat, code, reason });
        },
      }),
    };
    guestByName.set(name, guest);
    guest.onSilence = () => {
      seeOff(name, guest);
      // It may have been asleep, or waiting for the link.
      post({ type: 'room-lost', tab, seat, code: LOST, reason: 'nothing was heard for a long time' });
    };
    listen(guest);
  }

  function listen(guest: Guest): void {
    guest.cancelSilence();
    guest.cancelSilence = scheduler.after(SILENT_AFTER_MS, guest.onSilence);
  }

  function seeOff(name: string, guest: Guest): void {
    guest.cancelSilence();
    guestByName.delete(name);
    guest.seat.leave();
  }

  return {
    join: (room, ears) => (own === undefined ? joinFar(room, ears) : own.join(room, ears)),
    receive(message) {
      if (own === undefined) hearFar(message);
      else host(own, message);
    },
    lead(rooms) {
      own = rooms;
      loseFar();
    },
    follow: loseFar,
    leaveAll() {
      for (const [seat] of farBySeat) post({ type: 'room-leave', tab, seat });
      loseFar();
    },
  };
}
