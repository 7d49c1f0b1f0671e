export interface BackoffOptions {
  /** Delay after the first failure, in milliseconds. Default: 2,000. */
  readonly minMs: number;
  /** Longest delay before jitter, in milliseconds. Default: 16,000. */
  readonly maxMs: number;
}

export const DEFAULT_BACKOFF: BackoffOptions = { minMs: 2_000, maxMs: 16_000 };

/** Up to this share of the delay is added at random, so that many clients do not come back in step. */
const JITTER = 0.5;

/** @throws RangeError naming the option and the value given. */
export function checkBackoff({ minMs, maxMs }: BackoffOptions): void {
  if (!(minMs > 0)) throw new RangeError(`backoff.minMs must be greater than 0, not ${minMs}`);
  if (!(maxMs >= minMs)) throw new RangeError(`backoff.maxMs must be at least minMs (${minMs}), not ${maxMs}`);
}

/**
 * Milliseconds to wait after the n-th failure in a row: doubling from `minMs` up to `maxMs`, plus 0 to 50 %.
 * @param random a number in [0, 1)
 */
export function backoffMs(failures: number, { minMs, maxMs }: BackoffOptions, random: number): number {
  const base = Math.min(maxMs, minMs * 2 ** Math.max(0, failures - 1));
  return Math.round(base * (1 + JITTER * random));
}
