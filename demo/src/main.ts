import { type DevicePanel, mountDevice, openDevice } from './device/device-panel.ts';
import { byId, setText } from './dom.ts';
import { createHarbour } from './harbour/harbour.ts';
import { keepOffline } from './page/keep-offline.ts';
import { createRoute } from './page/route.ts';
import { createSwitcher } from './page/switcher.ts';
import { createThemeButton } from './page/theme.ts';
import { createToast } from './page/toast.ts';
import { claimDevices, labelOf } from './page/window-devices.ts';
import { showSharedPlace } from './share/share-preview.ts';

let shownDevices: readonly DevicePanel[] = [];
const route = createRoute(() => {
  for (const device of shownDevices) device.follow();
});

void start().catch(showFailure);

async function start(): Promise<void> {
  createThemeButton();
  if (!isSecureContext) throw new Error('browsers keep what this page needs for https and localhost');
  keepOffline();
  const opening = open(new URL(location.href));
  // What a link carries is shown at once; it goes into the journal when there is one.
  const shared = showSharedPlace(async (place) => {
    const [first] = await opening;
    if (first !== undefined) route.go(first.name, await first.writer.create(place));
  });
  await Promise.all([opening, shared]);
}

async function open(address: URL): Promise<readonly DevicePanel[]> {
  const toast = createToast();
  const wanted = address.searchParams.get('device') || null;
  const stage = byId('stage', HTMLElement);
  stage.classList.toggle('is-single', wanted !== null);
  stage.classList.add('is-ready');
  byId('switcher', HTMLElement).hidden = wanted !== null;
  const names = await claimDevices(wanted);
  document.title = `Fieldnotes · ${names.map(labelOf).join(', ')}`;
  const another = new URL(location.pathname + location.search, location.href);
  another.searchParams.delete('device');
  byId('another-window', HTMLAnchorElement).href = another.href;

  const roots = names.map(mountDevice);
  const [first, ...others] = roots;
  if (first !== undefined) stage.prepend(first);
  stage.append(...others);
  const switcher = createSwitcher(names);
  const url = serverUrl(address);
  const devices = await Promise.all(
    names.map((name, at) => openDevice({ root: roots[at] ?? mountDevice(name), name, url, route, toast })),
  );
  shownDevices = devices;
  createHarbour(devices);
  switcher.apply();
  for (const { name, sync } of devices) {
    sync.status$.subscribe(({ state }) => switcher.note(name, state === 'live' ? '' : state));
  }
  return devices;
}

function serverUrl(address: URL): string {
  const { protocol, host } = location;
  return address.searchParams.get('server') ?? `${protocol === 'https:' ? 'wss' : 'ws'}://${host}/sync`;
}

function showFailure(error: unknown): void {
  const box = byId('failure', HTMLElement);
  box.hidden = false;
  setText(box, `Fieldnotes could not start: ${error instanceof Error ? error.message : String(error)}`);
  throw error;
}
