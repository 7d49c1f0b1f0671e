import type { Codec } from './codec.ts';
import { readDigest, writeDigest } from './digest.ts';
import { readList, writeList } from './list.ts';

/** Of wanted blobs, those whose bytes this device does not have: the server may ask another. Not answered. */
export interface BlobLacks {
  readonly type: 'blob-lacks';
  readonly digests: readonly string[];
}

export const blobLacks: Codec<BlobLacks> = {
  write(encoder, { digests }) {
    writeList(encoder, digests, writeDigest);
  },
  read: (decoder) => ({ type: 'blob-lacks', digests: readList(decoder, readDigest) }),
};
