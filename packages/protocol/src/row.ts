import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { readList, writeList } from './list.ts';
import { readFlags, readUint } from './number.ts';

/** A document as it travels. `bytes` are a state or a delta, opaque here. */
export interface Row {
  readonly id: string;
  /** The server's commit number of this row; 0 on the way up. */
  readonly seq: number;
  /** Of a delta: the seq of the row that it adds to. Undefined: `bytes` are the whole state. */
  readonly base?: number;
  readonly deleted: boolean;
  readonly bytes: Uint8Array;
}

/** Rows of one collection. */
export interface RowGroup {
  readonly collection: string;
  readonly rows: readonly Row[];
}

/** A row that the session could read and cannot read any more. */
export interface RevokedRow {
  readonly id: string;
  /** The commit with which it left what the session may read. */
  readonly seq: number;
}

/** Rows of one collection on the way down. */
export interface NewRowGroup extends RowGroup {
  /** Default: none. */
  readonly revoked?: readonly RevokedRow[];
  /** Every row of the collection up to this seq has now been handed over; 0: no statement. */
  readonly checkpoint: number;
}

const DELETED = 1;
const HAS_BASE = 2;

export function writeRow(encoder: encoding.Encoder, row: Row): void {
  encoding.writeVarString(encoder, row.id);
  encoding.writeVarUint(encoder, row.seq);
  encoding.writeUint8(encoder, (row.deleted ? DELETED : 0) | (row.base === undefined ? 0 : HAS_BASE));
  if (row.base !== undefined) encoding.writeVarUint(encoder, row.base);
  encoding.writeVarUint8Array(encoder, row.bytes);
}

export function readRow(decoder: decoding.Decoder): Row {
  const id = decoding.readVarString(decoder);
  const seq = readUint(decoder);
  const flags = readFlags(decoder, DELETED | HAS_BASE);
  const base = flags & HAS_BASE ? { base: readUint(decoder) } : {};
  return { id, seq, ...base, deleted: (flags & DELETED) !== 0, bytes: decoding.readVarUint8Array(decoder) };
}

export function writeRowGroup(encoder: encoding.Encoder, group: RowGroup): void {
  encoding.writeVarString(encoder, group.collection);
  writeList(encoder, group.rows, writeRow);
}

export function readRowGroup(decoder: decoding.Decoder): RowGroup {
  return { collection: decoding.readVarString(decoder), rows: readList(decoder, readRow) };
}

export function writeNewRowGroup(encoder: encoding.Encoder, group: NewRowGroup): void {
  writeRowGroup(encoder, group);
  writeList(encoder, group.revoked ?? [], writeRevokedRow);
  encoding.writeVarUint(encoder, group.checkpoint);
}

export function readNewRowGroup(decoder: decoding.Decoder): NewRowGroup {
  const group = readRowGroup(decoder);
  const revoked = readList(decoder, readRevokedRow);
  return { ...group, ...(revoked.length === 0 ? {} : { revoked }), checkpoint: readUint(decoder) };
}

function writeRevokedRow(encoder: encoding.Encoder, { id, seq }: RevokedRow): void {
  encoding.writeVarString(encoder, id);
  encoding.writeVarUint(encoder, seq);
}

function readRevokedRow(decoder: decoding.Decoder): RevokedRow {
  return { id: decoding.readVarString(decoder), seq: readUint(decoder) };
}
