import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import type { Codec } from './codec.ts';
import { readDigest, writeDigest } from './digest.ts';
import { readList, writeList } from './list.ts';
import { readUint } from './number.ts';

/**
 * The server asks for the bytes of attachments that it does not have. Each is answered by `blob-put`, from `have` on, until
 * the server has it all; or named in `blob-lacks`.
 */
export interface BlobWant {
  readonly type: 'blob-want';
  readonly blobs: readonly WantedBlob[];
}

export interface WantedBlob {
  /** A row that has it as an attachment. */
  readonly collection: string;
  readonly id: string;
  /** Names the bytes: their sha-256 in hexadecimal digits. */
  readonly digest: string;
  /** Bytes of all of it, as the row says. */
  readonly length: number;
  /** So many bytes, from its beginning, the server has already. */
  readonly have: number;
}

export const blobWant: Codec<BlobWant> = {
  write(encoder, { blobs }) {
    writeList(encoder, blobs, writeWanted);
  },
  read: (decoder) => ({ type: 'blob-want', blobs: readList(decoder, readWanted) }),
};

function writeWanted(encoder: encoding.Encoder, { collection, id, digest, length, have }: WantedBlob): void {
  encoding.writeVarString(encoder, collection);
  encoding.writeVarString(encoder, id);
  writeDigest(encoder, digest);
  encoding.writeVarUint(encoder, length);
  encoding.writeVarUint(encoder, have);
}

function readWanted(decoder: decoding.Decoder): WantedBlob {
  return {
    collection: decoding.readVarString(decoder),
    id: decoding.readVarString(decoder),
    digest: readDigest(decoder),
    length: readUint(decoder),
    have: readUint(decoder),
  };
}
