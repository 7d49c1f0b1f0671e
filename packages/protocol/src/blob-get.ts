import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import type { Codec } from './codec.ts';
import { readDigest, writeDigest } from './digest.ts';
import { readUint } from './number.ts';

/**
 * Asks for a piece of a blob. The row is named because whoever may read the row may read its blobs. Answered by
 * `blob-part`, or by `error`: `blob-missing` when the server does not have the bytes, or the session may not read a row
 * that has them. When they come later, `blob-here` says so to whoever has asked.
 */
export interface BlobGet {
  readonly type: 'blob-get';
  readonly request: number;
  readonly collection: string;
  readonly id: string;
  readonly digest: string;
  readonly offset: number;
  /** Send no more than this. The server may send less. */
  readonly maxBytes: number;
}

export const blobGet: Codec<BlobGet> = {
  write(encoder, { request, collection, id, digest, offset, maxBytes }) {
    encoding.writeVarUint(encoder, request);
    encoding.writeVarString(encoder, collection);
    encoding.writeVarString(encoder, id);
    writeDigest(encoder, digest);
    encoding.writeVarUint(encoder, offset);
    encoding.writeVarUint(encoder, maxBytes);
  },
  read: (decoder) => ({
    type: 'blob-get',
    request: readUint(decoder),
    collection: decoding.readVarString(decoder),
    id: decoding.readVarString(decoder),
    digest: readDigest(decoder),
    offset: readUint(decoder),
    maxBytes: readUint(decoder),
  }),
};
