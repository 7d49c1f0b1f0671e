import type { BreakerStatus, Status } from '../data/database.ts';
import type { DevicePanel } from '../device/device-panel.ts';
import { fromTemplate, partOf, setText } from '../dom.ts';
import { formatLeft, formatNumber } from '../format.ts';
import type { Weather } from '../line/weather.ts';
import type { Side } from './boats.ts';

/** A device's line on the sea: its track, the breaker in it, the weather over it, and what waits at the quay. */
export interface LineView {
  draw(now: number): void;
}

export function createLineView(sea: HTMLElement, { name, label, sync, line }: DevicePanel, side: Side): LineView {
  const element = fromTemplate('line-template', HTMLElement);
  const note = partOf(element, 'line-note', HTMLElement);
  const docked = partOf(element, 'docked', HTMLElement);
  const sky = partOf(element, 'sky', HTMLElement);
  element.dataset.side = side;
  setText(partOf(element, 'line-name', HTMLElement), label.replace('Device ', ''));
  element.dataset.device = name;
  sea.append(element);

  line.weather$.subscribe((weather) => {
    element.dataset.weather = weather;
    setText(sky, weather === 'clear' ? '' : weather);
  });
  sync.pending$.subscribe(({ rows }) => setText(docked, rows === 0 ? '' : `${formatNumber(rows)} waiting`));

  return {
    draw(now) {
      const { status, breaker } = sync;
      element.dataset.state = status.state;
      element.dataset.breaker = breaker.state;
      setText(note, describe(status, breaker, line.weather, now));
    },
  };
}

function describe(status: Status, breaker: BreakerStatus, weather: Weather, now: number): string {
  if (status.state === 'halted') return `open, ${formatLeft(status.probeAt - now)}`;
  if (status.state === 'connecting' && breaker.state === 'half-open') return 'probing';
  if (status.state === 'offline') return `attempt ${status.attempt + 1} in ${formatLeft(status.retryAt - now)}`;
  if (status.state === 'connecting') return weather === 'silent' ? 'no answer yet' : 'calling';
  return status.state === 'live' ? '' : status.state;
}
