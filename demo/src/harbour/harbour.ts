import { BREAKER } from '../data/database.ts';
import type { DevicePanel } from '../device/device-panel.ts';
import { byId, partOf, setText } from '../dom.ts';
import { formatCount } from '../format.ts';
import { createBoats, type Side } from './boats.ts';
import { createGauge } from './gauge.ts';
import { keepLog } from './keep-log.ts';
import { createLineView } from './line-view.ts';
import { createLogbook } from './logbook.ts';

/** How often countdowns and time lines are drawn, in milliseconds. */
const TICK_MS = 250;

const SIDES: readonly Side[] = ['left', 'right'];

/** The strip between the devices: what travels, and how the lines are doing. */
export function createHarbour(devices: readonly DevicePanel[]): void {
  const root = byId('harbour', HTMLElement);
  const sea = byId('sea', HTMLElement);
  const boats = byId('boats', HTMLElement);
  const logbook = createLogbook();
  setText(partOf(root, 'breaker-failures', HTMLElement), formatCount(BREAKER.failures, 'failure'));
  setText(partOf(root, 'breaker-probe', HTMLElement), `${BREAKER.probeAfterMs / 1000} s`);
  root.classList.toggle('is-single', devices.length === 1);

  const views = devices.map((device, at) => {
    const side = SIDES[at] ?? 'right';
    const gauge = createGauge(device);
    byId('gauges', HTMLElement).append(gauge.element);
    device.line.messages$.subscribe(createBoats(boats, side));
    keepLog(device, logbook);
    return { gauge, line: createLineView(sea, device, side) };
  });

  function draw(): void {
    if (document.hidden) return;
    const now = Date.now();
    for (const { gauge, line } of views) {
      gauge.draw(now);
      line.draw(now);
    }
  }

  setInterval(draw, TICK_MS);
  for (const { sync } of devices) {
    sync.status$.subscribe(draw);
    sync.breaker$.subscribe(draw);
  }
  draw();
}
