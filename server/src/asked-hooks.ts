import type { Scheduler } from './scheduler.ts';

/** Hooks that are asked while a commit is decided, and may take their time over the answer. */
export interface AskedHooks {
  /** Begins to ask, perhaps again. */
  restart(): void;
  /** Was something asked since that is not answered? It was taken for granted; nothing may come of it. */
  readonly isOpen: boolean;
  /** Resolves when all is answered. @throws when it takes too long. */
  answers(): Promise<void>;
}

/** How long a push waits for its hooks altogether, in milliseconds: less than the 30 s that a client waits for its ack. */
export const HOOKS_DEADLINE_MS = 20_000;

/** @throws what `late` makes, once the delay is over. */
export async function answeredWithin(
  scheduler: Scheduler,
  delayMs: number,
  work: Promise<unknown>,
  late: () => Error,
): Promise<void> {
  let cancel = () => {};
  const deadline = new Promise<never>((_, reject) => {
    cancel = scheduler.after(Math.max(delayMs, 0), () => reject(late()));
  });
  try {
    await Promise.race([work, deadline]);
  } finally {
    cancel();
  }
}
