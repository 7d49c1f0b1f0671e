/** Work on one key is done one after the other, in the order of the asking; on different keys side by side. */
export interface KeyLocks {
  run<T>(key: string, work: () => Promise<T>): Promise<T>;
  /** Resolves when nothing that was asked for until now is under way. */
  idle(): Promise<void>;
}

export function createKeyLocks(): KeyLocks {
  /** The last work on each key; never rejects. */
  const lastByKey = new Map<string, Promise<void>>();

  return {
    run(key, work) {
      const before = lastByKey.get(key) ?? Promise.resolve();
      const result = before.then(work);
      const over = result.then(ignore, ignore).then(() => {
        if (lastByKey.get(key) === over) lastByKey.delete(key);
      });
      lastByKey.set(key, over);
      return result;
    },
    async idle() {
      await Promise.all(lastByKey.values());
    },
  };
}

function ignore(): void {}
