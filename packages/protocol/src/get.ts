import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import type { Codec } from './codec.ts';
import { readUint } from './number.ts';

/**
 * Asks for one row as it is now: a client that has to go back to what the server holds, or lacks the base of a delta.
 * Answered by `got` or `error`.
 */
export interface Get {
  readonly type: 'get';
  readonly request: number;
  readonly collection: string;
  readonly id: string;
}

export const get: Codec<Get> = {
  write(encoder, { request, collection, id }) {
    encoding.writeVarUint(encoder, request);
    encoding.writeVarString(encoder, collection);
    encoding.writeVarString(encoder, id);
  },
  read: (decoder) => ({
    type: 'get',
    request: readUint(decoder),
    collection: decoding.readVarString(decoder),
    id: decoding.readVarString(decoder),
  }),
};
