import * as encoding from 'lib0/encoding';
import type { Codec } from './codec.ts';
import { readUint } from './number.ts';

/** Answers `auth`: the session goes on. */
export interface Authed {
  readonly type: 'authed';
  readonly request: number;
  /** When the new token expires, in milliseconds since 1970 of the server's time; 0: never. */
  readonly expiresAt: number;
}

export const authed: Codec<Authed> = {
  write(encoder, { request, expiresAt }) {
    encoding.writeVarUint(encoder, request);
    encoding.writeVarUint(encoder, expiresAt);
  },
  read: (decoder) => ({ type: 'authed', request: readUint(decoder), expiresAt: readUint(decoder) }),
};
