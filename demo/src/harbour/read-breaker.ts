import { BREAKER, type Status } from '../data/database.ts';

/** What a visitor sees of the breaker. Half-open: the probe is under way, and decides. */
export type BreakerView =
  | { readonly state: 'closed'; readonly failures: number }
  | { readonly state: 'open'; readonly probeAt: number; readonly cause: string }
  | { readonly state: 'half-open' };

/** A link that lives so long was a success, in milliseconds: until then the failures before it count on. */
const LASTING_AFTER_MS = 5000;

/** Reads the breaker off the statuses of the past, oldest first. */
export function readBreaker(history: readonly Status[], now: number): BreakerView {
  const last = history.at(-1);
  const lost = history.findLast(({ state }) => state === 'offline' || state === 'halted');
  if (last?.state === 'halted') return { state: 'open', probeAt: last.probeAt, cause: last.cause };
  if (last?.state === 'connecting' && isProbe(history)) return { state: 'half-open' };
  const isLasting = last?.state === 'live' && now - last.since >= LASTING_AFTER_MS;
  return { state: 'closed', failures: isLasting ? 0 : failuresAt(lost) };
}

function isProbe(history: readonly Status[]): boolean {
  return history.findLast(({ state }) => state !== 'connecting')?.state === 'halted';
}

function failuresAt(lost: Status | undefined): number {
  if (lost?.state === 'halted') return BREAKER.failures;
  return lost?.state === 'offline' ? lost.attempt : 0;
}
