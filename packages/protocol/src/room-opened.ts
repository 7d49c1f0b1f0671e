import * as encoding from 'lib0/encoding';
import type { Codec } from './codec.ts';
import { readFlags, readUint } from './number.ts';

/** The room is open: `room-data` goes both ways. */
export interface RoomOpened {
  readonly type: 'room-opened';
  readonly channel: number;
  /** What this session writes into the room is not taken. Its awareness is. */
  readonly readOnly: boolean;
}

const READ_ONLY = 1;

export const roomOpened: Codec<RoomOpened> = {
  write(encoder, { channel, readOnly }) {
    encoding.writeVarUint(encoder, channel);
    encoding.writeUint8(encoder, readOnly ? READ_ONLY : 0);
  },
  read: (decoder) => ({
    type: 'room-opened',
    channel: readUint(decoder),
    readOnly: readFlags(decoder, READ_ONLY) === READ_ONLY,
  }),
};
