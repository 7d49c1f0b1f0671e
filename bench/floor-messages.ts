/** One byte of kind, then for a batch its rows as JSON. */
export const BATCH = 1;
export const ACK = 2;
export const PULL = 3;

export interface FloorRow {
  readonly id: string;
  /** The document as JSON. */
  readonly doc: string;
}

export function encodeBatch(rows: readonly FloorRow[]): Buffer {
  return Buffer.concat([Uint8Array.of(BATCH), Buffer.from(JSON.stringify(rows))]);
}

export function decodeBatch(data: Buffer): FloorRow[] {
  return JSON.parse(data.toString('utf8', 1)) as FloorRow[];
}
