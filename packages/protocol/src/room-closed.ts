import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import type { Codec } from './codec.ts';
import { readUint } from './number.ts';

/** The channel is closed, or was never opened. The session goes on. */
export interface RoomClosed {
  readonly type: 'room-closed';
  readonly channel: number;
  /** As of a socket of its own, see {@link CloseCode}. */
  readonly code: number;
  readonly reason: string;
}

export const roomClosed: Codec<RoomClosed> = {
  write(encoder, { channel, code, reason }) {
    encoding.writeVarUint(encoder, channel);
    encoding.writeVarUint(encoder, code);
    encoding.writeVarString(encoder, reason);
  },
  read: (decoder) => ({
    type: 'room-closed',
    channel: readUint(decoder),
    code: readUint(decoder),
    reason: decoding.readVarString(decoder),
  }),
};
