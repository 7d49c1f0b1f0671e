import { createAllowance, type Limits, RATE_BURST_S } from '@breakwater/protocol';
import type { Scheduler } from '../scheduler.ts';

/** Lets messages go in their order, no faster than the server takes them. */
export interface Pacer {
  /** Calls back when a message of so many bytes may go: at once, if it may. */
  pass(bytes: number, go: () => void): void;
  /** What waits never goes. */
  end(): void;
}

export interface PacerOptions {
  readonly limits: Pick<Limits, 'maxMessagesPerSecond' | 'maxBytesPerSecond'>;
  readonly scheduler: Scheduler;
}

/** The server closes a session that goes beyond its rates. Here it counts as less: see RATE_BURST_S. */
export function createPacer({ limits, scheduler }: PacerOptions): Pacer {
  const allowance = createAllowance({ limits, burstS: RATE_BURST_S / 2, now: scheduler.now });
  let waiting: { readonly bytes: number; readonly go: () => void }[] = [];
  let cancelTimer: (() => void) | undefined;

  return {
    pass(bytes, go) {
      if (waiting.length === 0 && allowance.take(bytes)) return go();
      waiting.push({ bytes, go });
      if (cancelTimer === undefined) wait();
    },
    end() {
      cancelTimer?.();
      waiting = [];
    },
  };

  function wait(): void {
    const [first] = waiting;
    // A clock that was set back makes it wait once more.
    cancelTimer = first && scheduler.after(Math.max(1, allowance.waitMs(first.bytes)), release);
  }

  function release(): void {
    const queue = waiting;
    let gone = 0;
    for (const { bytes, go } of queue) {
      if (!allowance.take(bytes)) break;
      gone += 1;
      go();
    }
    // Ended by one of them, it has forgotten the rest.
    if (waiting !== queue) return;
    waiting.splice(0, gone);
    wait();
  }
}
