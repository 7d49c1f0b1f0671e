import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import type { Codec } from './codec.ts';
import { readList, writeList } from './list.ts';
import { readUint } from './number.ts';

/** The server's answer to `connect`: from now on the session is live. */
export interface Connected {
  readonly type: 'connected';
  readonly version: number;
  /** Names the server's store. A database is bound to the first one it meets. */
  readonly serverId: string;
  /** Changes when the store was restored from a backup: checkpoints of another epoch mean nothing. */
  readonly epoch: string;
  readonly tenant: string;
  readonly user: string;
  /** What this session may read. */
  readonly labels: readonly string[];
  /** Milliseconds since 1970. */
  readonly serverTime: number;
  /** When the token expires, in milliseconds since 1970 of the server's time; 0: never. */
  readonly expiresAt: number;
  /** After a lost link the first attempt waits a random share of this. */
  readonly reconnectSpreadMs: number;
  readonly limits: Limits;
}

export interface Limits {
  /** Largest encoded row in bytes. A larger one is refused. */
  readonly maxRowBytes: number;
  /** Largest message in bytes. A larger one closes the socket. */
  readonly maxMessageBytes: number;
  /** Most rows of one push. */
  readonly maxPushRows: number;
  /** Most bytes of one attachment. A row with a larger one is refused. */
  readonly maxBlobBytes: number;
  /** Messages that a session may send in the long run; see {@link RATE_BURST_S}. More close it with 1008. */
  readonly maxMessagesPerSecond: number;
  /** The same of their bytes. */
  readonly maxBytesPerSecond: number;
}

/**
 * Seconds' worth of its rates that a session may send at once. A client that keeps to half of it stays within the server's
 * bounds, also when a line that stood still for some seconds brings everything together.
 */
export const RATE_BURST_S = 10;

export const connected: Codec<Connected> = {
  write(encoder, message) {
    encoding.writeVarUint(encoder, message.version);
    encoding.writeVarString(encoder, message.serverId);
    encoding.writeVarString(encoder, message.epoch);
    encoding.writeVarString(encoder, message.tenant);
    encoding.writeVarString(encoder, message.user);
    writeList(encoder, message.labels, encoding.writeVarString);
    encoding.writeVarUint(encoder, message.serverTime);
    encoding.writeVarUint(encoder, message.expiresAt);
    encoding.writeVarUint(encoder, message.reconnectSpreadMs);
    encoding.writeVarUint(encoder, message.limits.maxRowBytes);
    encoding.writeVarUint(encoder, message.limits.maxMessageBytes);
    encoding.writeVarUint(encoder, message.limits.maxPushRows);
    encoding.writeVarUint(encoder, message.limits.maxBlobBytes);
    encoding.writeVarUint(encoder, message.limits.maxMessagesPerSecond);
    encoding.writeVarUint(encoder, message.limits.maxBytesPerSecond);
  },
  read: (decoder) => ({
    type: 'connected',
    version: readUint(decoder),
    serverId: decoding.readVarString(decoder),
    epoch: decoding.readVarString(decoder),
    tenant: decoding.readVarString(decoder),
    user: decoding.readVarString(decoder),
    labels: readList(decoder, decoding.readVarString),
    serverTime: readUint(decoder),
    expiresAt: readUint(decoder),
    reconnectSpreadMs: readUint(decoder),
    limits: {
      maxRowBytes: readUint(decoder),
      maxMessageBytes: readUint(decoder),
      maxPushRows: readUint(decoder),
      maxBlobBytes: readUint(decoder),
      maxMessagesPerSecond: readUint(decoder),
      maxBytesPerSecond: readUint(decoder),
    },
  }),
};
