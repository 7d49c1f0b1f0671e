import type { Scheduler } from '../scheduler.ts';

/** Runs something not too often: what it costs is to be a small part of the time. One run at a time. */
export interface FoldTimer {
  /** There is something to do. */
  touch(): void;
  /** Does it now, if there is something; resolves when nothing is left to do. Never rejects. */
  flush(): Promise<void>;
  /** Does what there is to do by now, not what comes meanwhile. Undefined: there is nothing. Never rejects. */
  settle(): Promise<void> | undefined;
  /** Is there something that is not done yet? */
  readonly isDue: boolean;
  stop(): void;
}

export interface FoldTimerOptions {
  readonly scheduler: Scheduler;
  readonly minIntervalMs: number;
  /** Rejects when it could not be done; it is tried again. */
  readonly run: () => Promise<void>;
  readonly onFailed: (error: unknown) => void;
  /** Of one run, in milliseconds. */
  readonly lastRunMs: () => number;
}

/** The share of the time that it may take: one twentieth. */
const REST_PER_RUN = 20;

/** After a failure, in milliseconds. */
const RETRY_AFTER_MS = 5_000;

export function createFoldTimer({ scheduler, minIntervalMs, run, onFailed, lastRunMs }: FoldTimerOptions): FoldTimer {
  let isDue = false;
  let cancel: (() => void) | undefined;
  let running: Promise<boolean> | undefined;

  return {
    touch() {
      isDue = true;
      schedule(Math.max(minIntervalMs, REST_PER_RUN * lastRunMs()));
    },
    async flush() {
      cancelTimer();
      while (isDue || running !== undefined) if (!(await runOnce())) return;
    },
    settle: () => (isDue || running !== undefined ? settleNow() : undefined),
    get isDue() {
      return isDue;
    },
    stop: cancelTimer,
  };

  async function settleNow(): Promise<void> {
    await running;
    if (!isDue) return;
    cancelTimer();
    await runOnce();
  }

  function schedule(delayMs: number): void {
    if (running !== undefined) return;
    cancel ??= scheduler.after(delayMs, () => {
      cancel = undefined;
      void runOnce();
    });
  }

  function cancelTimer(): void {
    cancel?.();
    cancel = undefined;
  }

  function runOnce(): Promise<boolean> {
    running ??= runNow().finally(() => {
      running = undefined;
      if (isDue) schedule(Math.max(minIntervalMs, REST_PER_RUN * lastRunMs()));
    });
    return running;
  }

  async function runNow(): Promise<boolean> {
    isDue = false;
    try {
      await run();
      return true;
    } catch (error) {
      isDue = true;
      cancelTimer();
      cancel = scheduler.after(RETRY_AFTER_MS, () => {
        cancel = undefined;
        void runOnce();
      });
      onFailed(error);
      return false;
    }
  }
}
