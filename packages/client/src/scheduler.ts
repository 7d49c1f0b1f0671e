/** Time, injected: tests hand in a clock that they move by hand. */
export interface Scheduler {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back once after `delayMs`; the answer cancels. */
  after(delayMs: number, callback: () => void): () => void;
}

/** Timers of at most this delay, in milliseconds; beyond it platforms fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

export const systemScheduler: Scheduler = {
  now: Date.now,
  after(delayMs, callback) {
    const timer: unknown = setTimeout(callback, Math.min(Math.max(0, delayMs), MAX_DELAY_MS));
    // In Node a waiting timer would keep the process alive.
    if (typeof timer === 'object' && timer !== null && 'unref' in timer && typeof timer.unref === 'function') {
      timer.unref();
    }
    return () => clearTimeout(timer as Parameters<typeof clearTimeout>[0]);
  },
};
