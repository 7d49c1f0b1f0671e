import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import type { Codec } from './codec.ts';
import { readUint } from './number.ts';

/** One message of the y-websocket protocol as it is, in either direction. Of a channel that is not open it is ignored. */
export interface RoomData {
  readonly type: 'room-data';
  readonly channel: number;
  readonly bytes: Uint8Array;
}

export const roomData: Codec<RoomData> = {
  write(encoder, { channel, bytes }) {
    encoding.writeVarUint(encoder, channel);
    encoding.writeVarUint8Array(encoder, bytes);
  },
  read: (decoder) => ({
    type: 'room-data',
    channel: readUint(decoder),
    bytes: decoding.readVarUint8Array(decoder),
  }),
};
