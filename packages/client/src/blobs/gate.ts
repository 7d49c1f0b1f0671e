/** Lets a bounded number of pieces of work go on at once; the others wait for their turn. */
export interface Gate {
  /** @throws what aborted the signal, when that comes before its turn. */
  enter(signal: AbortSignal): Promise<void>;
  /** Once for each that has entered. */
  leave(): void;
}

/** @param places how many, now. */
export function createGate(places: () => number): Gate {
  let taken = 0;
  const waiting: (() => void)[] = [];

  function waitForTurn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onTurn = () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = () => {
        waiting.splice(waiting.indexOf(onTurn), 1);
        reject(signal.reason);
      };
      waiting.push(onTurn);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  return {
    async enter(signal) {
      signal.throwIfAborted();
      if (taken < places()) taken++;
      else await waitForTurn(signal);
    },
    leave() {
      taken--;
      while (taken < places()) {
        const next = waiting.shift();
        if (next === undefined) break;
        taken++;
        next();
      }
    },
  };
}
