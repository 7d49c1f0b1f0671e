import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import type { Codec } from './codec.ts';
import { readUint } from './number.ts';

/** Answers `blob-get`: bytes from the offset on; none at or after the end. */
export interface BlobPart {
  readonly type: 'blob-part';
  readonly request: number;
  /** Bytes of the whole blob. */
  readonly length: number;
  readonly bytes: Uint8Array;
}

/** Bytes of all but the piece, at most. */
const HEAD_BYTES = 32;

export const blobPart: Codec<BlobPart> = {
  room: ({ bytes }) => HEAD_BYTES + bytes.length,
  write(encoder, { request, length, bytes }) {
    encoding.writeVarUint(encoder, request);
    encoding.writeVarUint(encoder, length);
    encoding.writeVarUint8Array(encoder, bytes);
  },
  read: (decoder) => ({
    type: 'blob-part',
    request: readUint(decoder),
    length: readUint(decoder),
    bytes: decoding.readVarUint8Array(decoder),
  }),
};
