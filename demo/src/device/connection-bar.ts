import type { Pending, Replication, Status } from '../data/database.ts';
import { partOf, setText } from '../dom.ts';
import { formatDuration, formatLeft, formatNumber, formatWhen } from '../format.ts';

/** How often a countdown is drawn, in milliseconds. */
const TICK_MS = 250;

/** Shows how a device's connection is doing. */
export function createConnectionBar(root: HTMLElement, sync: Replication): void {
  const lamp = partOf(root, 'lamp', HTMLElement);
  const state = partOf(root, 'state', HTMLElement);
  const detail = partOf(root, 'state-detail', HTMLElement);
  const retry = partOf(root, 'retry', HTMLButtonElement);
  const pendingBox = partOf(root, 'pending-box', HTMLElement);
  const pendingCount = partOf(root, 'pending', HTMLElement);

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

  /** How fast it is, or since when the others may know more. */
  function note({ state }: Status): string {
    if (state === 'live') return latencyMs === undefined ? '' : ` · ${formatDuration(latencyMs)}`;
    // What comes next is told already, and there is no room for both.
    if (state === 'offline' || state === 'halted') return '';
    return lastSyncedAt === undefined ? '' : ` · in step until ${formatWhen(lastSyncedAt, Date.now())}`;
  }

  function draw(): void {
    const { status } = sync;
    lamp.dataset.state = status.state;
    setText(state, stateNames[status.state]);
    setText(detail, describe(status, Date.now()) + note(status));
    retry.hidden = !canRetry(status);
  }

  function drawPending({ rows }: Pending): void {
    setText(pendingCount, formatNumber(rows));
    pendingBox.classList.toggle('is-empty', rows === 0);
  }
}

export const stateNames: Readonly<Record<Status['state'], string>> = {
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
      return 'changes go at once';
    case 'offline':
      return `again in ${formatLeft(status.retryAt - now)}`;
    case 'halted':
      return `probe in ${formatLeft(status.probeAt - now)}`;
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
