import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import type { Codec } from './codec.ts';
import { readList, writeList } from './list.ts';
import { readUint } from './number.ts';

/** Answers `push`, after the commit is on disk. Results stand in the order of the pushed rows. */
export interface Ack {
  readonly type: 'ack';
  readonly request: number;
  readonly groups: readonly AckGroup[];
}

export interface AckGroup {
  readonly collection: string;
  readonly results: readonly RowResult[];
  /** Every row of the collection up to this seq has now been handed over; 0: no statement. */
  readonly checkpoint: number;
}

export type RowResult =
  /** The row is durable; `seq` is its commit number. Revoked: it is nothing that the session may read. */
  | { readonly kind: 'stored'; readonly seq: number; readonly isRevoked?: true }
  /** The row was not taken and will not be if it is sent again. */
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly reason: string }
  /**
   * The delta adds to a row that the server does not have: send the whole state. Of an atomic push it is every row's
   * result when it is that of one: nothing was stored.
   */
  | { readonly kind: 'send-full' };

export const REFUSAL_CODES = [
  'unknown-collection',
  'too-large',
  'malformed',
  'clock-ahead',
  /** The values do not fit the server's schema of the collection. */
  'invalid',
  /** This user may not write this. */
  'forbidden',
  /** Another row of the same batch was refused. */
  'batch-refused',
  /** The tenant's attachments would have more bytes than it may. */
  'over-quota',
] as const;
export type RefusalCode = (typeof REFUSAL_CODES)[number];

const STORED = 0;
const REFUSED = 1;
const SEND_FULL = 2;
const STORED_AND_REVOKED = 3;

export const ack: Codec<Ack> = {
  write(encoder, { request, groups }) {
    encoding.writeVarUint(encoder, request);
    writeList(encoder, groups, writeGroup);
  },
  read: (decoder) => ({ type: 'ack', request: readUint(decoder), groups: readList(decoder, readGroup) }),
};

function writeGroup(encoder: encoding.Encoder, group: AckGroup): void {
  encoding.writeVarString(encoder, group.collection);
  writeList(encoder, group.results, writeResult);
  encoding.writeVarUint(encoder, group.checkpoint);
}

function readGroup(decoder: decoding.Decoder): AckGroup {
  return {
    collection: decoding.readVarString(decoder),
    results: readList(decoder, readResult),
    checkpoint: readUint(decoder),
  };
}

function writeResult(encoder: encoding.Encoder, result: RowResult): void {
  switch (result.kind) {
    case 'stored':
      encoding.writeUint8(encoder, result.isRevoked ? STORED_AND_REVOKED : STORED);
      return encoding.writeVarUint(encoder, result.seq);
    case 'refused':
      encoding.writeUint8(encoder, REFUSED);
      encoding.writeVarString(encoder, result.code);
      return encoding.writeVarString(encoder, result.reason);
    case 'send-full':
      return encoding.writeUint8(encoder, SEND_FULL);
  }
}

function readResult(decoder: decoding.Decoder): RowResult {
  const kind = decoding.readUint8(decoder);
  switch (kind) {
    case STORED:
      return { kind: 'stored', seq: readUint(decoder) };
    case REFUSED:
      return {
        kind: 'refused',
        code: decoding.readVarString(decoder) as RefusalCode,
        reason: decoding.readVarString(decoder),
      };
    case SEND_FULL:
      return { kind: 'send-full' };
    case STORED_AND_REVOKED:
      return { kind: 'stored', seq: readUint(decoder), isRevoked: true };
    default:
      throw new Error(`a result has the unknown kind ${kind}`);
  }
}
