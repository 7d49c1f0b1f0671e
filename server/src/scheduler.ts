/** Time, injected: tests hand in a clock that they move by hand. */
export interface Scheduler {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back once after `delayMs`; the answer cancels. */
  after(delayMs: number, callback: () => void): () => void;
}

/** Longer delays fire at once in Node. In milliseconds. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Calls back at a time, in milliseconds since 1970, however far away; at infinity: never. The answer cancels. */
export function at(scheduler: Scheduler, time: number, callback: () => void): () => void {
  if (!Number.isFinite(time)) return () => {};
  let cancel = wait();
  return () => cancel();

  function wait(): () => void {
    const leftMs = Math.max(0, time - scheduler.now());
    if (leftMs <= MAX_DELAY_MS) return scheduler.after(leftMs, callback);
    return scheduler.after(MAX_DELAY_MS, () => {
      cancel = wait();
    });
  }
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
