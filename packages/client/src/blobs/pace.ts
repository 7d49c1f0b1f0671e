/** How large the pieces are that bytes travel in: as large as the line carries without holding up rows. */
export interface Pace {
  /** Bytes of the next piece. */
  readonly bytes: number;
  /** A piece took so long from its sending to its answer, in milliseconds. */
  note(tookMs: number): void;
}

/** The protocol's largest, in bytes. */
export const MAX_PIECE_BYTES = 64 * 1024;
const MIN_PIECE_BYTES = 4 * 1024;
/** A line of unknown width is not given more at first. */
const FIRST_PIECE_BYTES = 16 * 1024;
/** An answer within this says that more would fit, in milliseconds. */
const QUICK_MS = 500;
/** With a few pieces on the way a slower one would hold up a row, and the heartbeat, for too long; in milliseconds. */
const SLOW_MS = 2_000;

/** Pieces of one direction on the way at once, however many blobs they belong to. Twice as many are no faster. */
export const WINDOW = 4;

export function createPace(): Pace {
  let bytes = FIRST_PIECE_BYTES;
  return {
    get bytes() {
      return bytes;
    },
    note(tookMs) {
      if (tookMs < QUICK_MS) bytes = Math.min(MAX_PIECE_BYTES, bytes * 2);
      else if (tookMs > SLOW_MS) bytes = Math.max(MIN_PIECE_BYTES, bytes / 2);
    },
  };
}
