import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import type { Codec } from './codec.ts';
import { readDigest, writeDigest } from './digest.ts';
import { readUint } from './number.ts';

/** A piece of a blob that the server wants. Answered by `blob-have` or `error`. */
export interface BlobPut {
  readonly type: 'blob-put';
  readonly request: number;
  readonly digest: string;
  /** Where in the blob the bytes belong. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Bytes of all but the piece, at most. */
const HEAD_BYTES = 64;

export const blobPut: Codec<BlobPut> = {
  room: ({ bytes }) => HEAD_BYTES + bytes.length,
  write(encoder, { request, digest, offset, bytes }) {
    encoding.writeVarUint(encoder, request);
    writeDigest(encoder, digest);
    encoding.writeVarUint(encoder, offset);
    encoding.writeVarUint8Array(encoder, bytes);
  },
  read: (decoder) => ({
    type: 'blob-put',
    request: readUint(decoder),
    digest: readDigest(decoder),
    offset: readUint(decoder),
    bytes: decoding.readVarUint8Array(decoder),
  }),
};
