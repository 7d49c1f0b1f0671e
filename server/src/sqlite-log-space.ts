import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';

/** Lengthens SQLite's write-ahead log before SQLite does. */
export interface LogSpace {
  /** A transaction was committed. */
  committed(): void;
}

/** As long as the log becomes before it is copied into the database and written anew from its beginning. In bytes. */
export const LOG_BYTES = 17 * 1024 * 1024;

const STEP_BYTES = 1024 * 1024;

/** So many small commits fill less than a step. */
const COMMITS_PER_STEP = 32;

/**
 * A sync of a file that has grown makes the file system write its own journal, too, and waits for that; a sync of bytes
 * that were there writes them. SQLite takes what lies behind its last commit for nothing: its check sums do not fit.
 *
 * A server without commits takes no space.
 */
export function createLogSpace(file: string): LogSpace {
  let commits = 0;
  let isDone = false;

  return {
    committed() {
      commits += 1;
      // Whoever waits for the commit does not wait for this.
      if (!isDone && commits % COMMITS_PER_STEP === 0) setImmediate(lengthen);
    },
  };

  /** At the end, whoever else writes: no byte of a commit is written over. Without the space everything goes on. */
  function lengthen(): void {
    try {
      const descriptor = openSync(file, constants.O_WRONLY | constants.O_APPEND);
      try {
        isDone = fstatSync(descriptor).size >= LOG_BYTES;
        if (!isDone) writeSync(descriptor, Buffer.alloc(STEP_BYTES));
      } finally {
        closeSync(descriptor);
      }
    } catch {
      isDone = true;
    }
  }
}
