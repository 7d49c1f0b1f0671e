import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import type { Codec } from './codec.ts';

/** The first message of a client. Answered by `connected`, or by a close code. */
export interface Connect {
  readonly type: 'connect';
  /** Oldest and newest protocol version that the client speaks. */
  readonly versions: readonly [min: number, max: number];
  /** Whatever the server's `authenticate` takes; may be empty. */
  readonly token: string;
  /** Names the client's database; the same over all its connections. */
  readonly replica: string;
}

/** The two version numbers come first for ever: a server must be able to read them of any later client. */
export const connect: Codec<Connect> = {
  write(encoder, { versions, token, replica }) {
    encoding.writeVarUint(encoder, versions[0]);
    encoding.writeVarUint(encoder, versions[1]);
    encoding.writeVarString(encoder, token);
    encoding.writeVarString(encoder, replica);
  },
  read: (decoder) => ({
    type: 'connect',
    versions: [decoding.readVarUint(decoder), decoding.readVarUint(decoder)],
    token: decoding.readVarString(decoder),
    replica: decoding.readVarString(decoder),
  }),
};
