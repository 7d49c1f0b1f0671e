import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { readSyncMessage, writeSyncStep1, writeUpdate } from 'y-protocols/sync';
import * as Y from 'yjs';
import type { RoomEars, Rooms } from '../src/live/rooms.ts';

/** One room in memory, and the link to it, which a test cuts and joins. */
export interface MemoryRoom extends Rooms {
  readonly doc: Y.Doc;
  /** Seats in the room, and those that wait for the link. */
  readonly seats: number;
  connect(): void;
  /** The link is lost: so is every seat in the room. */
  cut(): void;
  /** Sends everybody out. */
  close(code: number, reason: string): void;
}

const SYNC = 0;

interface Seat {
  readonly ears: RoomEars;
  isIn: boolean;
}

export function createMemoryRoom(): MemoryRoom {
  const doc = new Y.Doc();
  const seats = new Set<Seat>();
  let isConnected = false;

  doc.on('update', (update: Uint8Array, origin: unknown) => {
    for (const seat of seats) if (seat.isIn && seat !== origin) say(seat, (encoder) => writeUpdate(encoder, update));
  });

  function say({ ears }: Seat, write: (encoder: encoding.Encoder) => void): void {
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, SYNC);
    write(encoder);
    if (encoding.length(encoder) > 1) ears.onData(encoding.toUint8Array(encoder));
  }

  function hear(seat: Seat, message: Uint8Array): void {
    const decoder = decoding.createDecoder(message);
    if (decoding.readVarUint(decoder) !== SYNC) return;
    say(seat, (encoder) => readSyncMessage(decoder, encoder, doc, seat));
  }

  function enter(seat: Seat): void {
    if (!isConnected || seat.isIn || !seats.has(seat)) return;
    seat.isIn = true;
    seat.ears.onJoined(false);
    say(seat, (encoder) => writeSyncStep1(encoder, doc));
  }

  function sendOut(code: number, reason: string): void {
    const out = [...seats].filter(({ isIn }) => isIn);
    for (const seat of out) seats.delete(seat);
    for (const { ears } of out) ears.onLost(code, reason);
  }

  return {
    doc,
    get seats() {
      return seats.size;
    },
    join(_room, ears) {
      const seat = { ears, isIn: false };
      seats.add(seat);
      queueMicrotask(() => enter(seat));
      return { send: (message) => hear(seat, message), leave: () => void seats.delete(seat) };
    },
    connect() {
      isConnected = true;
      for (const seat of seats) enter(seat);
    },
    cut() {
      isConnected = false;
      sendOut(1006, 'the link is gone');
    },
    close: sendOut,
  };
}
