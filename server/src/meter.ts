/** What is counted while the server works. */
export interface Meter {
  /** Rows of a push. */
  rowsIn(count: number): void;
  /** Rows of pages and of news, one for each session that is sent them. */
  rowsOut(count: number): void;
  /** A row of a push was refused; the code is the protocol's. */
  rowRefused(code: string): void;
  /** A whole push was answered by an error. */
  pushRefused(code: string): void;
  /** A push is given to the store; the answer is called once it is durable. */
  commitStarted(): () => void;
  /** A piece of a blob came (`in`), or was asked for (`out`). */
  blobPiece(direction: 'in' | 'out'): void;
  /** A client was turned away, or its session ended, for this. */
  offended(offence: string): void;
  /** A websocket is served on this. */
  connected(wire: Wire): void;
}

/** As much of a TCP socket as is counted. */
export interface Wire {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  once(event: 'close', listener: () => void): unknown;
}

/** Counts nothing. */
export const noMeter: Meter = {
  rowsIn() {},
  rowsOut() {},
  rowRefused() {},
  pushRefused() {},
  commitStarted: () => () => {},
  blobPiece() {},
  offended() {},
  connected() {},
};
