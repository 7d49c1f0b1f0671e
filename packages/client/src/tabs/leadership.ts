/** Of the tabs that have a database open, one replicates it. */
export interface Leadership {
  /** Resolves when it is this one's turn: at once, or when the one before is gone. */
  readonly gained: Promise<void>;
  /** Lets another tab lead. */
  release(): void;
}

/**
 * Seeks to lead by a Web Lock, which the browser gives to the next tab at once when a tab is closed or crashes. Where there
 * are none, or nobody shares the database, everyone leads.
 */
export function seekLeadership(name: string, isShared: boolean): Leadership {
  const locks = isShared && typeof navigator !== 'undefined' ? navigator.locks : undefined;
  if (locks === undefined) return { gained: Promise.resolve(), release() {} };
  const gained = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const controller = new AbortController();
  const lead = () => {
    gained.resolve();
    return released.promise;
  };
  // It rejects when it is released before its turn.
  locks.request(`breakwater ${name}`, { signal: controller.signal }, lead).catch(() => {});
  return {
    gained: gained.promise,
    release() {
      controller.abort();
      released.resolve();
    },
  };
}
