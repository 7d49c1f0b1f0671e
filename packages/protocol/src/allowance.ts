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
  const { maxMessagesPerSecond, maxBytesPerSecond } = limits;
  const mostMessages = maxMessagesPerSecond * burstS;
  const mostBytes = maxBytesPerSecond * burstS;
  let messages = mostMessages;
  let bytes = mostBytes;
  let filledAt = now();

  return {
    take(size) {
      if (missingS(size) > 0) return false;
      messages -= 1;
      bytes -= size;
      return true;
    },
    waitMs: (size) => Math.ceil(1000 * missingS(size)),
  };

  /** Seconds until there is enough. For more than there ever is: until there is most. */
  function missingS(size: number): number {
    fill();
    const messageS = (Math.min(1, mostMessages) - messages) / maxMessagesPerSecond;
    const byteS = (Math.min(size, mostBytes) - bytes) / maxBytesPerSecond;
    return Math.max(0, messageS, byteS);
  }

  function fill(): void {
    const time = now();
    // A clock that was set back fills nothing, and goes on from there.
    const seconds = Math.max(0, time - filledAt) / 1000;
    filledAt = time;
    messages = Math.min(mostMessages, messages + seconds * maxMessagesPerSecond);
    bytes = Math.min(mostBytes, bytes + seconds * maxBytesPerSecond);
  }
}
