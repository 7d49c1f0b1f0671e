import * as encoding from 'lib0/encoding';
import type { Codec } from './codec.ts';
import { readUint } from './number.ts';

/** The client leaves the room. It is not answered; what the server has sent by then still arrives. */
export interface RoomClose {
  readonly type: 'room-close';
  readonly channel: number;
}

export const roomClose: Codec<RoomClose> = {
  write: (encoder, { channel }) => encoding.writeVarUint(encoder, channel),
  read: (decoder) => ({ type: 'room-close', channel: readUint(decoder) }),
};
