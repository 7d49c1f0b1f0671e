import type { Scheduler } from '@breakwater/client';

/** Time that a test moves by hand. */
export interface ManualScheduler extends Scheduler {
  /** Lets `durationMs` pass: due callbacks run in order, each at its own time. */
  advance(durationMs: number): void;
  /** As advance, but promises settle between two callbacks. */
  advanceAsync(durationMs: number): Promise<void>;
  /** The machine is asleep for so long: nothing fires. What was due meanwhile fires with the next advance, late. */
  sleep(durationMs: number): void;
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
    sleep(durationMs) {
      now += durationMs;
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
