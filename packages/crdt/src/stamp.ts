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
const COUNTER_DIGITS = 3;
const TIME_DIGITS = MS_DIGITS + COUNTER_DIGITS;
export const NODE_LENGTH = 10;
/** First millisecond that no longer fits (in the year 5188). */
const MS_END = 36 ** MS_DIGITS;
const COUNTER_END = 36 ** COUNTER_DIGITS;
const CODE_OF_0 = 48;
const CODE_OF_9 = 57;
const CODE_OF_A = 97;
const CODE_OF_Z = 122;
/** Two digits of every number that has no more. Looked up, as each stamp of a state needs six of them. */
const PAIRS = Array.from({ length: 36 ** 2 }, (_, value) => value.toString(36).padStart(2, '0'));

/** Less than every stamp: the generation of a state that never replaced anything. */
export const NO_STAMP = '' as Stamp;

/** @throws RangeError when a part is out of its range. */
export function formatStamp({ ms, counter, node }: StampParts): Stamp {
  if (!isNode(node)) throw new RangeError(`'${node}' is no node id: 10 characters of 0-9 and a-z are`);
  return (formatTime(ms, counter) + node) as Stamp;
}

export function isNode(text: string): boolean {
  if (text.length !== NODE_LENGTH) return false;
  for (let i = 0; i < NODE_LENGTH; i++) if (!isDigit(text.charCodeAt(i))) return false;
  return true;
}

function isDigit(code: number): boolean {
  return (code >= CODE_OF_0 && code <= CODE_OF_9) || (code >= CODE_OF_A && code <= CODE_OF_Z);
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
  // In two halves: all the digits as one number are more than a double holds.
  const high = Math.floor(ms / COUNTER_END);
  return sixDigits(high) + sixDigits((ms - high * COUNTER_END) * COUNTER_END + counter);
}

function sixDigits(value: number): string {
  const rest = Math.floor(value / 36 ** 2);
  return `${PAIRS[Math.floor(rest / 36 ** 2)]}${PAIRS[rest % 36 ** 2]}${PAIRS[value % 36 ** 2]}`;
}

export function parseStamp(stamp: Stamp): StampParts {
  return {
    ms: parseDigits(stamp, 0, MS_DIGITS),
    counter: parseDigits(stamp, MS_DIGITS, TIME_DIGITS),
    node: stamp.slice(TIME_DIGITS),
  };
}

/** Number.parseInt needs a slice of the text, and twice the time. */
function parseDigits(text: string, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) value = value * 36 + digitAt(text, i);
  return value;
}

function digitAt(text: string, index: number): number {
  const code = text.charCodeAt(index);
  return code <= CODE_OF_9 ? code - CODE_OF_0 : code - CODE_OF_A + 10;
}

export function maxStamp(a: Stamp, b: Stamp): Stamp {
  return a > b ? a : b;
}

/** The least time and counter after the given ones: a full counter carries into the milliseconds. */
export function successor(ms: number, counter: number): { ms: number; counter: number } {
  return counter + 1 < COUNTER_END ? { ms, counter: counter + 1 } : { ms: ms + 1, counter: 0 };
}
