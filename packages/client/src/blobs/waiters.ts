/** Those who wait for one download. */
export interface Waiters {
  readonly count: number;
  /** @throws what aborted the signal. */
  join(options: { readonly wait: boolean; readonly signal?: AbortSignal | undefined }): Promise<Blob>;
  /** All of them have it. */
  resolve(data: Blob): void;
  reject(error: unknown): void;
  /** Those who would not wait. */
  rejectImpatient(error: unknown): void;
}

interface Waiter {
  readonly isPatient: boolean;
  readonly resolve: (data: Blob) => void;
  readonly reject: (error: unknown) => void;
}

/** @param onLast nobody waits any more. */
export function createWaiters(onLast: () => void): Waiters {
  const waiters = new Set<Waiter>();

  function leave(waiter: Waiter): boolean {
    const wasThere = waiters.delete(waiter);
    if (wasThere && waiters.size === 0) onLast();
    return wasThere;
  }

  function rejectThose(error: unknown, isMeant: (waiter: Waiter) => boolean): void {
    for (const waiter of [...waiters].filter(isMeant)) waiter.reject(error);
  }

  return {
    get count() {
      return waiters.size;
    },
    join: ({ wait, signal }) =>
      new Promise((resolve, reject) => {
        const onAbort = () => waiter.reject(signal?.reason);
        const waiter: Waiter = {
          isPatient: wait,
          resolve(data) {
            signal?.removeEventListener('abort', onAbort);
            if (leave(waiter)) resolve(data);
          },
          reject(error) {
            signal?.removeEventListener('abort', onAbort);
            if (leave(waiter)) reject(error);
          },
        };
        waiters.add(waiter);
        signal?.addEventListener('abort', onAbort, { once: true });
      }),
    resolve(data) {
      for (const waiter of [...waiters]) waiter.resolve(data);
    },
    reject: (error) => rejectThose(error, () => true),
    rejectImpatient: (error) => rejectThose(error, ({ isPatient }) => !isPatient),
  };
}
