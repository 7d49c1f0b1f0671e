/**
 * When and where a register was written; greater wins. Sorts as text: 9 base-36 digits of milliseconds since 1970,
 * 3 base-36 digits of a counter, 10 characters of node id.
 *
 * A hybrid logical clock: Kulkarni et al., "Logical Physical Clocks and Consistent Snapshots in Globally Distributed
 * Databases" (2014).
 */
export type Stamp = string & { readonly __brand: 'Stamp' };

export interface StampParts {
  /** Milliseconds since 1970. */
  readonly ms: number;
  /** Orders stamps of one node within one millisecond. */
  readonly counter: number;
  readonly node: string;
}

const MS_DIGITS = 9;
const LOW_DIGITS = 5;
const LOW_END = 36 ** LOW_DIGITS;
const COUNTER_DIGITS = 3;
export const NODE_LENGTH = 10;
/** First millisecond that no longer fits (in the year 5188). */
const MS_END = 36 ** MS_DIGITS;
const COUNTER_END = 36 ** COUNTER_DIGITS;
const NODE_PATTERN = /^[0-9a-z]{10}$/;

/** Less than every stamp: the generation of a state that never replaced anything. */
export const NO_STAMP = '' as Stamp;

/** @throws RangeError when a part is out of its range. */
export function formatStamp({ ms, counter, node }: StampParts): Stamp {
  if (!isNode(node)) throw new RangeError(`'${node}' is no node id: 10 characters of 0-9 and a-z are`);
  return (formatTime(ms, counter) + node) as Stamp;
}

export function isNode(text: string): boolean {
  return NODE_PATTERN.test(text);
}

/**
 * A stamp without its node.
 * @throws RangeError when a part is out of its range.
 */
export function formatTime(ms: number, counter: number): string {
  if (!Number.isInteger(ms) || ms < 0 || ms >= MS_END) throw new RangeError(`a stamp cannot hold the time ${ms}`);
  if (!Number.isInteger(counter) || counter < 0 || counter >= COUNTER_END) {
    throw new RangeError(`a stamp cannot hold the counter ${counter}`);
  }
  // In two halves: numbers below 2^31 are written several times faster.
  const high = Math.floor(ms / LOW_END);
  const low = ms - high * LOW_END;
  return digits(high, MS_DIGITS - LOW_DIGITS) + digits(low, LOW_DIGITS) + digits(counter, COUNTER_DIGITS);
}

function digits(value: number, length: number): string {
  return value.toString(36).padStart(length, '0');
}

export function parseStamp(stamp: Stamp): StampParts {
  return {
    ms: Number.parseInt(stamp.slice(0, MS_DIGITS), 36),
    counter: Number.parseInt(stamp.slice(MS_DIGITS, MS_DIGITS + COUNTER_DIGITS), 36),
    node: stamp.slice(MS_DIGITS + COUNTER_DIGITS),
  };
}

export function maxStamp(a: Stamp, b: Stamp): Stamp {
  return a > b ? a : b;
}

/** The least time and counter after the given ones: a full counter carries into the milliseconds. */
export function successor(ms: number, counter: number): { ms: number; counter: number } {
  return counter + 1 < COUNTER_END ? { ms, counter: counter + 1 } : { ms: ms + 1, counter: 0 };
}
