import type { Codec } from './codec.ts';
import { readDigest, writeDigest } from './digest.ts';
import { readList, writeList } from './list.ts';

/** Blobs that the session has asked for in vain, and that have come since. */
export interface BlobHere {
  readonly type: 'blob-here';
  readonly digests: readonly string[];
}

export const blobHere: Codec<BlobHere> = {
  write(encoder, { digests }) {
    writeList(encoder, digests, writeDigest);
  },
  read: (decoder) => ({ type: 'blob-here', digests: readList(decoder, readDigest) }),
};
