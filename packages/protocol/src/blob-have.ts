import * as encoding from 'lib0/encoding';
import type { Codec } from './codec.ts';
import { readUint } from './number.ts';

/**
 * Answers `blob-put`: so many bytes, from its beginning, the server has now. All of them: the blob is verified and on
 * disk. Fewer than were put: go on from there.
 */
export interface BlobHave {
  readonly type: 'blob-have';
  readonly request: number;
  readonly have: number;
}

export const blobHave: Codec<BlobHave> = {
  write(encoder, { request, have }) {
    encoding.writeVarUint(encoder, request);
    encoding.writeVarUint(encoder, have);
  },
  read: (decoder) => ({ type: 'blob-have', request: readUint(decoder), have: readUint(decoder) }),
};
