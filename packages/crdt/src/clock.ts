import { formatStamp, formatTime, NO_STAMP, NODE_LENGTH, parseStamp, type Stamp, successor } from './stamp.ts';

export interface Clock {
  /**
   * A stamp greater than `after` and than every stamp this clock has issued, except those that had to follow a stamp
   * further ahead: one document from the future does not drag the clock along.
   */
  next(after?: Stamp): Stamp;
  /**
   * Milliseconds to add to the device's time from now on. A correction backwards takes a new node id, and so does one that
   * finds the clock more than a minute ahead, kept so by an earlier run.
   */
  correct(offsetMs: number): void;
  /** Never issues a stamp at or before this time again (milliseconds since 1970, as kept from an earlier run). */
  startAfter(ms: number): void;
  /** The latest time issued, to be kept for the next run: milliseconds since 1970. */
  highWaterMs(): number;
  /** The device's time with the correction. */
  nowMs(): number;
}

export interface ClockOptions {
  /** The device's time in milliseconds since 1970. Default: Date.now. */
  readonly now?: () => number;
  /** A random number in [0, 1). Default: from crypto.getRandomValues. */
  readonly random?: () => number;
}

/** What two devices' clocks may differ by without harm, in milliseconds. */
const MAX_LEAD_MS = 60_000;

export function createClock({ now = Date.now, random = secureRandom }: ClockOptions = {}): Clock {
  let node = randomNode(random);
  let offsetMs = 0;
  let last = { ms: 0, counter: -1 };

  const nowMs = () => Math.max(0, Math.floor(now() + offsetMs));

  return {
    next(after = NO_STAMP) {
      const wall = nowMs();
      last = wall > last.ms ? { ms: wall, counter: 0 } : successor(last.ms, last.counter);
      const stamp = (formatTime(last.ms, last.counter) + node) as Stamp;
      if (stamp > after) return stamp;
      const { ms, counter } = parseStamp(after);
      return formatStamp({ ...successor(ms, counter), node });
    },
    correct(newOffsetMs) {
      const wasAhead = last.ms > now() + newOffsetMs + MAX_LEAD_MS;
      if (newOffsetMs < offsetMs || wasAhead) {
        node = randomNode(random);
        last = { ms: 0, counter: -1 };
      }
      offsetMs = newOffsetMs;
    },
    startAfter(ms) {
      if (ms >= last.ms) last = { ms: ms + 1, counter: -1 };
    },
    highWaterMs: () => last.ms,
    nowMs,
  };
}

/** A fresh node id: 10 base-36 digits. */
export function randomNode(random: () => number): string {
  let node = '';
  while (node.length < NODE_LENGTH) node += Math.floor(random() * 36).toString(36);
  return node;
}

function secureRandom(): number {
  const [word = 0] = crypto.getRandomValues(new Uint32Array(1));
  return word / 2 ** 32;
}
