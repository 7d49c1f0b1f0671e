import type { Pending, Replication, Status } from './database.ts';
import { byId, setText } from './dom.ts';
import { formatLeft, formatNumber, formatWhen } from './format.ts';
import type { Weather } from './weather.ts';

/** How often a countdown is drawn, in milliseconds. */
const TICK_MS = 250;

/** Shows how the connection is doing and lets the visitor cut it. */
export function createConnectionPanel(sync: Replication, weather: Weather): void {
  const lamp = byId('lamp', HTMLElement);
  const retry = byId('retry', HTMLButtonElement);
  const cutSwitch = byId('cut-switch', HTMLInputElement);

  let latencyMs: number | undefined;
  let lastSyncedAt: number | undefined;
  sync.latencyMs$.subscribe((measured) => {
    latencyMs = measured;
  });
  sync.lastSyncedAt$.subscribe((at) => {
    lastSyncedAt = at;
  });

  sync.status$.subscribe(() => draw());
  sync.pending$.subscribe(drawPending);
  setInterval(draw, TICK_MS);
  retry.addEventListener('click', () => sync.retry());
  cutSwitch.addEventListener('change', () => {
    if (!cutSwitch.checked) return weather.cut();
    weather.mend();
    // A real cable that is plugged in again makes the browser say so, and the library tries at once.
    sync.retry();
  });

  /** How fast it is, or since when the others may know more. */
  function note({ state }: Status): string {
    if (state === 'live') return latencyMs === undefined ? '' : ` · ${Math.round(latencyMs)} ms`;
    return lastSyncedAt === undefined ? '' : ` · in step until ${formatWhen(lastSyncedAt, Date.now())}`;
  }

  function draw(): void {
    const { status } = sync;
    lamp.dataset.state = status.state;
    setText(byId('state', HTMLElement), stateNames[status.state]);
    setText(byId('state-detail', HTMLElement), describe(status, Date.now()) + note(status));
    retry.hidden = !canRetry(status);
  }
}

const stateNames: Readonly<Record<Status['state'], string>> = {
  connecting: 'Connecting',
  live: 'Live',
  offline: 'Offline',
  halted: 'Halted',
  'needs-auth': 'Signed out',
  paused: 'Paused',
  failed: 'Failed',
  stopped: 'Stopped',
};

function describe(status: Status, now: number): string {
  switch (status.state) {
    case 'connecting':
      return 'calling the server …';
    case 'live':
      return 'changes travel at once';
    case 'offline':
      return `again in ${formatLeft(status.retryAt - now)} · attempt ${status.attempt + 1}`;
    case 'halted':
      return `probe in ${formatLeft(status.probeAt - now)} · ${status.cause}`;
    case 'needs-auth':
    case 'failed':
      return status.reason;
    case 'paused':
    case 'stopped':
      return 'changes stay on this device';
  }
}

function canRetry({ state }: Status): boolean {
  return state === 'offline' || state === 'halted' || state === 'needs-auth' || state === 'failed';
}

function drawPending({ rows }: Pending): void {
  setText(byId('pending', HTMLElement), formatNumber(rows));
  byId('pending-box', HTMLElement).classList.toggle('is-empty', rows === 0);
}
