import type { Status } from '../data/database.ts';
import { partOf } from '../dom.ts';

/** The drawing is so wide, in its own units; a minute of it is past. */
const WIDTH = 160;
const PAST_MS = 60_000;
const FUTURE_MS = 24_000;

/** Draws a device's last minute, and when it will try again. */
export function createTimeline(root: HTMLElement): (history: readonly Status[], now: number) => void {
  const paths = {
    live: partOf(root, 't-live', SVGPathElement),
    offline: partOf(root, 't-offline', SVGPathElement),
    halted: partOf(root, 't-halted', SVGPathElement),
    attempt: partOf(root, 't-attempt', SVGPathElement),
    next: partOf(root, 't-next', SVGPathElement),
  };
  partOf(root, 't-now', SVGPathElement).setAttribute('d', `M${xOf(0)} 0V26`);

  return (history, now) => {
    const drawn = { live: '', offline: '', halted: '', attempt: '', next: '' };
    for (const [at, status] of history.entries()) {
      const next = history[at + 1];
      const endsAt = next?.since ?? now;
      if (endsAt < now - PAST_MS) continue;
      const from = xOf(status.since - now);
      const to = xOf(endsAt - now);
      if (status.state === 'live') drawn.live += `M${from} 13H${to}`;
      if (status.state === 'offline') drawn.offline += `M${from} 13H${to}`;
      if (status.state === 'halted') drawn.halted += `M${from} 6H${to}V20H${from}z`;
      if (status.state === 'connecting') drawn.attempt += toAttempt(from, to, next);
      if (next === undefined && status.state === 'offline') drawn.next = toNext(xOf(status.retryAt - now));
      if (next === undefined && status.state === 'halted') drawn.next = toNext(xOf(status.probeAt - now));
    }
    for (const [name, path] of Object.entries(paths)) {
      const d = drawn[name as keyof typeof drawn];
      if (path.getAttribute('d') !== d) path.setAttribute('d', d);
    }
  };
}

/** A stroke for one that succeeded or is under way, a cross for one that failed, a line for as long as it takes. */
function toAttempt(from: number, to: number, next: Status | undefined): string {
  const line = `M${from} 13H${to}`;
  const hasFailed = next?.state === 'offline' || next?.state === 'halted';
  return hasFailed ? `${line}M${to - 2} 9l4 8m0-8l-4 8` : `${line}M${from} 7V19`;
}

function toNext(x: number): string {
  return `M${x} 8v10m-3-5h6`;
}

function xOf(fromNowMs: number): number {
  const share = (fromNowMs + PAST_MS) / (PAST_MS + FUTURE_MS);
  return Math.round(Math.min(1, Math.max(0, share)) * WIDTH * 10) / 10;
}
