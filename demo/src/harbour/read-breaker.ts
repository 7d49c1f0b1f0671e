import type { Status } from '../data/database.ts';

/** What a visitor sees of the breaker. Half-open: the probe is under way, and decides. */
export type BreakerView =
  | { readonly state: 'closed'; readonly failures: number }
  | { readonly state: 'open'; readonly probeAt: number; readonly cause: string }
  | { readonly state: 'half-open' };

/** A link that lives so long was a success, in milliseconds: until then its failures count on. */
const LASTING_AFTER_MS = 5000;

/** Reads the breaker off the statuses of the past, oldest first. */
export function readBreaker(history: readonly Status[], now: number): BreakerView {
  const last = history.at(-1);
  if (last === undefined) return { state: 'closed', failures: 0 };
  switch (last.state) {
    case 'halted':
      return { state: 'open', probeAt: last.probeAt, cause: last.cause };
    case 'offline':
      return { state: 'closed', failures: last.attempt };
    case 'connecting': {
      const before = history.findLast(({ state }) => state !== 'connecting');
      if (before?.state === 'halted') return { state: 'half-open' };
      return { state: 'closed', failures: before?.state === 'offline' ? before.attempt : 0 };
    }
    case 'live': {
      const before = history.findLast(({ state }) => state === 'offline' || state === 'live' || state === 'halted');
      const failed = history.findLast(({ state }) => state === 'offline');
      const counts = before !== undefined && now - last.since < LASTING_AFTER_MS;
      return { state: 'closed', failures: counts && failed?.state === 'offline' ? failed.attempt : 0 };
    }
    default:
      return { state: 'closed', failures: 0 };
  }
}
