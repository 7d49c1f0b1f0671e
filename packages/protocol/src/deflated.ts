import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import type { Codec } from './codec.ts';
import { readUint } from './number.ts';

/** Another frame, compressed. Only for a client that takes such, and never one within another. */
export interface Deflated {
  readonly type: 'deflated';
  /** Bytes of the frame. */
  readonly length: number;
  /** The frame as raw deflate (RFC 1951). */
  readonly bytes: Uint8Array;
}

export const deflated: Codec<Deflated> = {
  write(encoder, { length, bytes }) {
    encoding.writeVarUint(encoder, length);
    encoding.writeVarUint8Array(encoder, bytes);
  },
  read: (decoder) => ({
    type: 'deflated',
    length: readUint(decoder),
    bytes: decoding.readVarUint8Array(decoder),
  }),
};
