import type { Scheduler } from '@breakwater/client';

/** Time that a test moves by hand. */
export interface ManualScheduler extends Scheduler {
  /** Lets `durationMs` pass: due callbacks run in order, each at its own time. */
  advance(durationMs: number): void;
  /** As advance, but promises settle between two callbacks. */
  advanceAsync(durationMs: number): Promise<void>;
  /** The device sleeps: the time passes, and what was due in it runs at once on waking. */
  sleep(durationMs: number): Promise<void>;
  /** How many callbacks are waiting. */
  readonly waiting: number;
}

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

export function createManualScheduler(startMs = 0): ManualScheduler {
  let now = startMs;
  const timers = new Set<Timer>();

  function nextDue(until: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of timers) if (timer.at <= until && (next === undefined || timer.at < next.at)) next = timer;
    return next;
  }

  function fire(timer: Timer): void {
    timers.delete(timer);
    now = Math.max(now, timer.at);
    timer.callback();
  }

  return {
    now: () => now,
    after(delayMs, callback) {
      const timer = { at: now + Math.max(0, delayMs), callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(durationMs) {
      const until = now + durationMs;
      for (let timer = nextDue(until); timer; timer = nextDue(until)) fire(timer);
      now = until;
    },
    async advanceAsync(durationMs) {
      const until = now + durationMs;
      await settlePromises();
      for (let timer = nextDue(until); timer; timer = nextDue(until)) {
        fire(timer);
        await settlePromises();
      }
      now = until;
    },
    async sleep(durationMs) {
      now += durationMs;
      for (let timer = nextDue(now); timer; timer = nextDue(now)) {
        fire(timer);
        await settlePromises();
      }
    },
    get waiting() {
      return timers.size;
    },
  };
}

/** Lets everything that is ready run: some turns of the event loop, no time. */
export async function settlePromises(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
