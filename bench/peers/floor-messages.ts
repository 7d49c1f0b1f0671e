/*
 * One byte of kind, then a seq as a float of eight bytes: of a batch and an acknowledgement the last one, of a pull the one
 * to begin after. A batch goes on with its rows as JSON.
 */
export const BATCH = 1;
export const ACK = 2;
export const PULL = 3;

const HEADER_BYTES = 9;

export interface FloorRow {
  readonly id: string;
  /** The document as JSON. */
  readonly doc: string;
}

export function encodeHeader(kind: number, seq: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header[0] = kind;
  header.writeDoubleLE(seq, 1);
  return header;
}

export function encodeBatch(rows: readonly FloorRow[], seq = 0): Buffer {
  return Buffer.concat([encodeHeader(BATCH, seq), Buffer.from(JSON.stringify(rows))]);
}

export function seqOf(message: Buffer): number {
  return message.readDoubleLE(1);
}

export function decodeBatch(message: Buffer): FloorRow[] {
  return JSON.parse(message.toString('utf8', HEADER_BYTES)) as FloorRow[];
}
