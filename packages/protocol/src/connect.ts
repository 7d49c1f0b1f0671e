import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import type { Codec } from './codec.ts';
import { readFlags, readUint } from './number.ts';
import { MIN_PROTOCOL_VERSION, PROTOCOL_VERSION } from './version.ts';

/** The first message of a client. Answered by `connected`, or by a close code. */
export interface Connect {
  readonly type: 'connect';
  /** Oldest and newest protocol version that the client speaks. */
  readonly versions: readonly [min: number, max: number];
  /** Whatever the server's `authenticate` takes; may be empty. */
  readonly token: string;
  /** Names the client's database; the same over all its connections. */
  readonly replica: string;
  /** Does the client take frames that are deflated? */
  readonly inflates: boolean;
}

const INFLATES = 1;

/**
 * The two version numbers come first for ever: a server must be able to read them of any later client, to tell it which
 * side is too old. The rest is written as the oldest of the client's versions has it, and is left unread (empty) when no
 * version is shared.
 */
export const connect: Codec<Connect> = {
  write(encoder, { versions, token, replica, inflates }) {
    encoding.writeVarUint(encoder, versions[0]);
    encoding.writeVarUint(encoder, versions[1]);
    encoding.writeVarString(encoder, token);
    encoding.writeVarString(encoder, replica);
    encoding.writeUint8(encoder, inflates ? INFLATES : 0);
  },
  read(decoder) {
    const versions = [readUint(decoder), readUint(decoder)] as const;
    if (!isShared(versions)) {
      decoding.readTailAsUint8Array(decoder);
      return { type: 'connect', versions, token: '', replica: '', inflates: false };
    }
    return {
      type: 'connect',
      versions,
      token: decoding.readVarString(decoder),
      replica: decoding.readVarString(decoder),
      inflates: readFlags(decoder, INFLATES) === INFLATES,
    };
  },
};

function isShared([min, max]: Connect['versions']): boolean {
  return min <= PROTOCOL_VERSION && max >= MIN_PROTOCOL_VERSION;
}
