import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import type { Codec } from './codec.ts';
import { readUint } from './number.ts';

/** A fresh token for the session that is live, before the one before expires. Answered by `authed`, or the socket closes. */
export interface Auth {
  readonly type: 'auth';
  readonly request: number;
  readonly token: string;
}

export const auth: Codec<Auth> = {
  write(encoder, { request, token }) {
    encoding.writeVarUint(encoder, request);
    encoding.writeVarString(encoder, token);
  },
  read: (decoder) => ({ type: 'auth', request: readUint(decoder), token: decoding.readVarString(decoder) }),
};
