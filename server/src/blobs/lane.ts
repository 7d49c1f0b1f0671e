/** Work of a session that is begun in its order, beside the session's other messages. */
export interface Lane {
  /** Resolves when there is room for more work, which may be at once. */
  add(work: () => Promise<void>): Promise<void>;
}

/** Pieces that are worked on at once: while one blob is being synced, those of others go on. */
const AT_ONCE = 4;

/** Pieces that may be under way or wait: what a client may have unanswered, both ways. Bounds what they hold in memory. */
const MAX_UNANSWERED = 16;

/** The work never rejects. What it does first, up to its first await, is done in the order of the adding. */
export function createLane(): Lane {
  const waiting: (() => Promise<void>)[] = [];
  const forRoom: (() => void)[] = [];
  let running = 0;

  return {
    add(work) {
      waiting.push(work);
      if (running < AT_ONCE) void run();
      return hasRoom() ? Promise.resolve() : new Promise((resolve) => forRoom.push(resolve));
    },
  };

  async function run(): Promise<void> {
    running += 1;
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await next();
      if (hasRoom()) forRoom.shift()?.();
    }
    running -= 1;
  }

  function hasRoom(): boolean {
    return running + waiting.length < MAX_UNANSWERED;
  }
}
