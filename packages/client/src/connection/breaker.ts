/**
 * The circuit breaker, as values. Two counters feed it; one of them at the threshold opens it. It stays tripped while it
 * is probed, so that a single failure of the probe opens it again, and closes when the counter is reset by a success.
 */
export interface Breaker {
  /** Attempts in a row that gave no lasting link. */
  readonly linkFailures: number;
  /** Times in a row that replication failed although there was a link: a push, a pull, the device's own storage. */
  readonly syncFailures: number;
}

export interface BreakerOptions {
  /** Failures in a row that open the breaker. Default: 5. */
  readonly failures: number;
  /** How long it stays open before one probe, in milliseconds, plus 0 to 10 %. Default: 300,000. */
  readonly probeAfterMs: number;
}

export const CLOSED_BREAKER: Breaker = { linkFailures: 0, syncFailures: 0 };
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

export function syncFailed(breaker: Breaker): Breaker {
  return { ...breaker, syncFailures: breaker.syncFailures + 1 };
}

export function syncSucceeded(breaker: Breaker): Breaker {
  return { ...breaker, syncFailures: 0 };
}

export function isTripped({ linkFailures, syncFailures }: Breaker, { failures }: BreakerOptions): boolean {
  return linkFailures >= failures || syncFailures >= failures;
}

/** Of the two counters the one that is nearer to opening it. */
export function failuresInARow({ linkFailures, syncFailures }: Breaker): number {
  return Math.max(linkFailures, syncFailures);
}

/** As it was left open: a probe that fails opens it again at once. */
export function tripped({ failures }: BreakerOptions): Breaker {
  return { linkFailures: failures, syncFailures: 0 };
}

/** Milliseconds until the probe. @param random a number in [0, 1) */
export function probeDelayMs({ probeAfterMs }: BreakerOptions, random: number): number {
  return Math.round(probeAfterMs * (1 + PROBE_JITTER * random));
}
