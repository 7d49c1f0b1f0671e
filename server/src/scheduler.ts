/** Time, injected: tests hand in a clock that they move by hand. */
export interface Scheduler {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back once after `delayMs`; the answer cancels. */
  after(delayMs: number, callback: () => void): () => void;
}

/** Timers that do not keep the process alive. */
export function systemScheduler(now: () => number = Date.now): Scheduler {
  return {
    now,
    after(delayMs, callback) {
      const timer = setTimeout(callback, delayMs).unref();
      return () => clearTimeout(timer);
    },
  };
}
