/** Work of a session that is begun in its order, beside the session's other messages. */
export interface Lane {
  /**
   * Resolves when there is room for more work, which may be at once.
   *
   * @param bytes what the work holds in memory, or will.
   */
  add(bytes: number, work: () => Promise<void>): Promise<void>;
}

/** Pieces that are worked on at once: while one blob is being synced, those of others go on. */
const AT_ONCE = 4;

/** Pieces that may be under way or wait: what a client may have unanswered, both ways. */
const MAX_UNANSWERED = 16;

/**
 * Bytes of them: twice four of the largest, so that rows never wait behind the pieces of an honest client. Bounds what a
 * session makes the server hold, but for the last piece.
 */
const MAX_UNANSWERED_BYTES = 2 * 1024 * 1024;

/** The work never rejects. What it does first, up to its first await, is done in the order of the adding. */
export function createLane(): Lane {
  const waiting: { readonly bytes: number; readonly work: () => Promise<void> }[] = [];
  const forRoom: (() => void)[] = [];
  let running = 0;
  let unansweredBytes = 0;

  return {
    add(bytes, work) {
      waiting.push({ bytes, work });
      unansweredBytes += bytes;
      if (running < AT_ONCE) void run();
      return hasRoom() ? Promise.resolve() : new Promise((resolve) => forRoom.push(resolve));
    },
  };

  async function run(): Promise<void> {
    running += 1;
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await next.work();
      unansweredBytes -= next.bytes;
      if (hasRoom()) forRoom.shift()?.();
    }
    running -= 1;
  }

  function hasRoom(): boolean {
    return running + waiting.length < MAX_UNANSWERED && unansweredBytes <= MAX_UNANSWERED_BYTES;
  }
}
