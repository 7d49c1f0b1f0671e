import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import type { Codec } from './codec.ts';
import { readUint } from './number.ts';

/** Asks for the rows of a collection after a checkpoint. Answered by `page` or `error`. */
export interface Pull {
  readonly type: 'pull';
  readonly request: number;
  readonly collection: string;
  /** The last seq that the client has; 0: none. */
  readonly checkpoint: number;
  /** Most rows of the page; the server may send fewer. */
  readonly maxRows: number;
}

export const pull: Codec<Pull> = {
  write(encoder, { request, collection, checkpoint, maxRows }) {
    encoding.writeVarUint(encoder, request);
    encoding.writeVarString(encoder, collection);
    encoding.writeVarUint(encoder, checkpoint);
    encoding.writeVarUint(encoder, maxRows);
  },
  read: (decoder) => ({
    type: 'pull',
    request: readUint(decoder),
    collection: decoding.readVarString(decoder),
    checkpoint: readUint(decoder),
    maxRows: readUint(decoder),
  }),
};
