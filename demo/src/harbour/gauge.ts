import type { BreakerStatus } from '../data/database.ts';
import type { DevicePanel } from '../device/device-panel.ts';
import { fromTemplate, partOf, setText } from '../dom.ts';
import { formatBytes, formatLeft } from '../format.ts';
import { createStoredChart } from './stored-chart.ts';
import { createTimeline } from './timeline.ts';

/** The instruments of one device. */
export interface Gauge {
  readonly element: HTMLElement;
  /** As time goes on. */
  draw(now: number): void;
}

const NAMES = { closed: 'Breaker closed', open: 'Breaker open', 'half-open': 'Half-open' } as const;

export function createGauge({ name, label, sync, line }: DevicePanel): Gauge {
  const element = fromTemplate('gauge-template', HTMLElement);
  element.dataset.of = name;
  element.ariaLabel = `Instruments of ${label}`;
  setText(partOf(element, 'gauge-name', HTMLElement), label);
  const box = partOf(element, 'breaker', HTMLElement);
  const state = partOf(element, 'breaker-state', HTMLElement);
  const detail = partOf(element, 'breaker-detail', HTMLElement);
  const traffic = partOf(element, 'traffic', HTMLElement);
  const drawTimeline = createTimeline(element);
  const bytes = { up: 0, down: 0 };
  createStoredChart(element, sync);
  line.messages$.subscribe((message) => {
    bytes[message.direction] += message.bytes;
  });

  return {
    element,
    draw(now) {
      const { breaker } = sync;
      box.dataset.breaker = breaker.state;
      setText(state, NAMES[breaker.state]);
      setText(detail, describe(breaker, now));
      setText(traffic, `↑ ${formatBytes(bytes.up)} · ↓ ${formatBytes(bytes.down)}`);
      drawTimeline(sync.history, now);
    },
  };
}

function describe({ state, failures, threshold, probeAt }: BreakerStatus, now: number): string {
  switch (state) {
    case 'closed':
      return `${failures} of ${threshold} failures`;
    case 'open':
      return probeAt === undefined ? 'no attempts' : `probe in ${formatLeft(probeAt - now)}`;
    case 'half-open':
      return 'one probe decides';
  }
}
