/** Wakes whoever waits for work. */
export interface Signal {
  fire(): void;
  /** Resolves at the next fire(). */
  next(): Promise<void>;
}

export function createSignal(): Signal {
  let waiting: PromiseWithResolvers<void> | undefined;
  return {
    fire() {
      waiting?.resolve();
      waiting = undefined;
    },
    next() {
      waiting ??= Promise.withResolvers<void>();
      return waiting.promise;
    },
  };
}
