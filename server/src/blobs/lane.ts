/** Work of a session that is done in its order, beside the session's other messages. */
export interface Lane {
  /** Resolves when there is room for more work, which may be at once. */
  add(work: () => Promise<void>): Promise<void>;
}

/** Pieces that may wait: what a client may have unanswered, both ways. Bounds what they hold in memory. */
const MAX_WAITING = 8;

/** The work never rejects. */
export function createLane(): Lane {
  const waiting: (() => Promise<void>)[] = [];
  const forRoom: (() => void)[] = [];
  let isRunning = false;

  return {
    add(work) {
      waiting.push(work);
      if (!isRunning) void run();
      return waiting.length < MAX_WAITING ? Promise.resolve() : new Promise((resolve) => forRoom.push(resolve));
    },
  };

  async function run(): Promise<void> {
    isRunning = true;
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      forRoom.shift()?.();
      await next();
    }
    isRunning = false;
  }
}
