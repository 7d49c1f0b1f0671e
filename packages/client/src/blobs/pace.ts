/** How large the pieces are that bytes travel in: as large as the line carries without holding up rows. */
export interface Pace {
  /** Bytes of the next piece. */
  readonly bytes: number;
  /** A piece took so long from its sending to its answer, in milliseconds. */
  note(tookMs: number): void;
}

/** The protocol's largest, in bytes. What a piece costs hardly depends on its size, so they are large where they fit. */
export const MAX_PIECE_BYTES = 256 * 1024;
/** Up to here they grow on any line that is not slow. */
export const COMMON_PIECE_BYTES = 64 * 1024;
const MIN_PIECE_BYTES = 4 * 1024;
/** A line of unknown width is not given more at first. */
const FIRST_PIECE_BYTES = 16 * 1024;
/** An answer within this says that the largest would fit, in milliseconds: a row would not wait longer behind them. */
const AT_ONCE_MS = 50;
/** One that takes longer than this says that they do not. */
const NOT_AT_ONCE_MS = 150;
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
      const most = tookMs < AT_ONCE_MS ? MAX_PIECE_BYTES : COMMON_PIECE_BYTES;
      if (tookMs < QUICK_MS && bytes < most) bytes = Math.min(most, bytes * 2);
      else if (tookMs > NOT_AT_ONCE_MS && bytes > COMMON_PIECE_BYTES) bytes /= 2;
      else if (tookMs > SLOW_MS) bytes = Math.max(MIN_PIECE_BYTES, bytes / 2);
    },
  };
}
