import type { Scheduler } from './scheduler.ts';

/** A time after which nothing is waited for any more. */
export interface Deadline {
  /** Waits for the work, at most until then. False: it was not done by then. */
  wait(work: Promise<unknown>): Promise<boolean>;
  /** Resolves then. */
  readonly passed: Promise<void>;
  cancel(): void;
}

export function createDeadline(scheduler: Scheduler, afterMs: number): Deadline {
  const { promise: passed, resolve } = Promise.withResolvers<void>();
  const cancel = scheduler.after(afterMs, resolve);
  return {
    passed,
    wait: (work) => Promise.race([work.then(() => true), passed.then(() => false)]),
    cancel,
  };
}
