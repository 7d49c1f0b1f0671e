import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import type { Codec } from './codec.ts';
import { readUint } from './number.ts';

/** A room is where several write into one Yjs document: that of a row, or one that has only a name. */
export type RoomName =
  | {
      readonly kind: 'document';
      readonly collection: string;
      readonly id: string;
      /** The row's generation that the client's Yjs document belongs to, as a stamp's text; empty: none. */
      readonly generation: string;
    }
  | { readonly kind: 'free'; readonly name: string };

/** Opens a room on a channel of this session. Answered by `room-opened` or `room-closed`. */
export interface RoomOpen {
  readonly type: 'room-open';
  /** Chosen by the client, once in a session. */
  readonly channel: number;
  readonly room: RoomName;
}

const DOCUMENT = 0;
const FREE = 1;

export const roomOpen: Codec<RoomOpen> = {
  write(encoder, { channel, room }) {
    encoding.writeVarUint(encoder, channel);
    writeRoom(encoder, room);
  },
  read: (decoder) => ({ type: 'room-open', channel: readUint(decoder), room: readRoom(decoder) }),
};

function writeRoom(encoder: encoding.Encoder, room: RoomName): void {
  switch (room.kind) {
    case 'document':
      encoding.writeVarUint(encoder, DOCUMENT);
      encoding.writeVarString(encoder, room.collection);
      encoding.writeVarString(encoder, room.id);
      return encoding.writeVarString(encoder, room.generation);
    case 'free':
      encoding.writeVarUint(encoder, FREE);
      return encoding.writeVarString(encoder, room.name);
  }
}

function readRoom(decoder: decoding.Decoder): RoomName {
  const kind = readUint(decoder);
  const text = () => decoding.readVarString(decoder);
  if (kind === DOCUMENT) return { kind: 'document', collection: text(), id: text(), generation: text() };
  if (kind === FREE) return { kind: 'free', name: text() };
  throw new Error(`a room has the unknown kind ${kind}`);
}
