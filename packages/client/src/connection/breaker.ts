/**
 * The circuit breaker, as values. Two counters feed it; one of them at the threshold opens it. It stays tripped while it
 * is probed, so that a single failure of the probe opens it again, and closes when the counter is reset by a success.
 */
export interface Breaker {
  /** Attempts in a row that gave no lasting link. */
  readonly linkFailures: number;
  /** Pushes in a row that failed as a whole although there was a link. */
  readonly pushFailures: number;
}

export interface BreakerOptions {
  /** Failures in a row that open the breaker. Default: 5. */
  readonly failures: number;
  /** How long it stays open before one probe, in milliseconds, plus 0 to 10 %. Default: 300,000. */
  readonly probeAfterMs: number;
}

export const CLOSED_BREAKER: Breaker = { linkFailures: 0, pushFailures: 0 };
export const DEFAULT_BREAKER: BreakerOptions = { failures: 5, probeAfterMs: 300_000 };

const PROBE_JITTER = 0.1;

/** @throws RangeError naming the option and the value given. */
export function checkBreaker({ failures, probeAfterMs }: BreakerOptions): void {
  if (!Number.isInteger(failures) || failures < 1) {
    throw new RangeError(`breaker.failures must be a whole number of at least 1, not ${failures}`);
  }
  if (!(probeAfterMs > 0)) throw new RangeError(`breaker.probeAfterMs must be greater than 0, not ${probeAfterMs}`);
}

export function linkFailed(breaker: Breaker): Breaker {
  return { ...breaker, linkFailures: breaker.linkFailures + 1 };
}

export function linkLasted(breaker: Breaker): Breaker {
  return { ...breaker, linkFailures: 0 };
}

export function pushFailed(breaker: Breaker): Breaker {
  return { ...breaker, pushFailures: breaker.pushFailures + 1 };
}

export function pushAcknowledged(breaker: Breaker): Breaker {
  return { ...breaker, pushFailures: 0 };
}

export function isTripped({ linkFailures, pushFailures }: Breaker, { failures }: BreakerOptions): boolean {
  return linkFailures >= failures || pushFailures >= failures;
}

/** Milliseconds until the probe. @param random a number in [0, 1) */
export function probeDelayMs({ probeAfterMs }: BreakerOptions, random: number): number {
  return Math.round(probeAfterMs * (1 + PROBE_JITTER * random));
}
