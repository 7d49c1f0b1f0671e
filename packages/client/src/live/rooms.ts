import type { Stamp } from '@breakwater/crdt';

/** Names a document's room. */
export interface RoomName {
  readonly collection: string;
  readonly id: string;
  /** Of the document: another insert under the same id has another room. */
  readonly generation: Stamp;
}

/** What whoever is in a room hears. After `onLost` nothing more. */
export interface RoomEars {
  /** `isReadOnly`: nothing that is written here is taken. */
  onJoined(isReadOnly: boolean): void;
  /** A message of the Yjs protocols. */
  onData(message: Uint8Array): void;
  /** Out of the room, or never in. The code is that of a websocket's close. */
  onLost(code: number, reason: string): void;
}

/** A place in a room. */
export interface RoomSeat {
  send(message: Uint8Array): void;
  /** Says nothing to the ears any more. */
  leave(): void;
}

/** Ways into the rooms of the server. */
export interface Rooms {
  /** Waits for a live link, however long that takes. */
  join(room: RoomName, ears: RoomEars): RoomSeat;
}
