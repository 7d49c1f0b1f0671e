import type { Limits } from './connected.ts';

/** What a session may send now, as both sides count it: so many messages and bytes a second, and some seconds' worth at once. */
export interface Allowance {
  /** Takes a message of so many bytes; false: that is more than there is, and nothing was taken. */
  take(bytes: number): boolean;
  /** Milliseconds until there is enough for such a message; 0: there is. */
  waitMs(bytes: number): number;
}

export interface AllowanceOptions {
  readonly limits: Pick<Limits, 'maxMessagesPerSecond' | 'maxBytesPerSecond'>;
  /** How many seconds' worth of it there is at most, and at first. */
  readonly burstS: number;
  /** Milliseconds. */
  readonly now: () => number;
}

export function createAllowance({ limits, burstS, now }: AllowanceOptions): Allowance {
  const messages = createBucket(limits.maxMessagesPerSecond, burstS);
  const bytes = createBucket(limits.maxBytesPerSecond, burstS);
  let filledAt = now();

  return {
    take(size) {
      fill();
      if (messages.lacks(1) > 0 || bytes.lacks(size) > 0) return false;
      messages.take(1);
      bytes.take(size);
      return true;
    },
    waitMs(size) {
      fill();
      return Math.ceil(1000 * Math.max(messages.lacks(1), bytes.lacks(size)));
    },
  };

  function fill(): void {
    const time = now();
    // A clock that was set back fills nothing, and goes on from there.
    const seconds = Math.max(0, time - filledAt) / 1000;
    filledAt = time;
    messages.fill(seconds);
    bytes.fill(seconds);
  }
}

interface Bucket {
  fill(seconds: number): void;
  /** Seconds until there is so much. More than the bucket holds needs a full one. */
  lacks(amount: number): number;
  take(amount: number): void;
}

function createBucket(perSecond: number, burstS: number): Bucket {
  const size = perSecond * burstS;
  let level = size;
  return {
    fill(seconds) {
      level = Math.min(size, level + seconds * perSecond);
    },
    lacks: (amount) => Math.max(0, Math.min(amount, size) - level) / perSecond,
    take(amount) {
      level -= amount;
    },
  };
}
