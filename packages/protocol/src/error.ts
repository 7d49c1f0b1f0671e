import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import type { Codec } from './codec.ts';
import { readUint } from './number.ts';

/** Something failed. With a request: that request, as a whole, and nothing else. */
export interface ErrorMessage {
  readonly type: 'error';
  /** The request that failed; 0: none. */
  readonly request: number;
  readonly code: ErrorCode;
  /** For people: what happened, to what, what to do. */
  readonly message: string;
}

export const ERROR_CODES = [
  /** The collection is not one of the server's. */
  'unknown-collection',
  /** The client is ahead of the server, which was restored from a backup: pull from 0 and push every row in full. */
  'checkpoint-ahead',
  /** The checkpoint is older than what was purged: pull from 0; what that does not bring is no more. */
  'checkpoint-purged',
  /** The store failed, or what decides who may write did; nothing of the request was kept, and later it may work. */
  'storage-failed',
  /** The request has too many rows, or asks for something that the protocol does not allow. */
  'invalid-request',
  /** The server does not have these bytes, or the session may not read a row that has them. */
  'blob-missing',
  /** These bytes are not wanted: no row has them any more, they are all there, or they are not what the digest says. */
  'blob-unwanted',
  /** Of no request: the session sent more than it may in a second, and is closed. */
  'rate-exceeded',
  /** Of no request: the user has as many connections as there may be, and this one is closed. */
  'too-many-connections',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

export const error: Codec<ErrorMessage> = {
  write(encoder, { request, code, message }) {
    encoding.writeVarUint(encoder, request);
    encoding.writeVarString(encoder, code);
    encoding.writeVarString(encoder, message);
  },
  read: (decoder) => ({
    type: 'error',
    request: readUint(decoder),
    code: decoding.readVarString(decoder) as ErrorCode,
    message: decoding.readVarString(decoder),
  }),
};
