import { join } from 'node:path';
import type { Browser } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { buildDemo } from '../scripts/build-demo.ts';
import { launchChromium } from './chromium.ts';
import { type Device, openDevice, openPair } from './device.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';

/** What the tests of a file have: filled anew for each of them. */
export interface DemoDevices {
  readonly browser: Browser;
  readonly server: ServerProcess;
  /** All of them live, on the demo page of the server. */
  readonly devices: readonly Device[];
}

/** A browser for the file, and for each test a server without data and devices of these names, each in a window of its own. */
export function useDemoDevices(...names: readonly string[]): DemoDevices {
  return useDevices((browser, url) => Promise.all(names.map((name) => openDevice(browser, url, name))));
}

/** A browser for the file, and for each test a server without data and one window with the devices a and b. */
export function useDemoPair(): DemoDevices {
  return useDevices(openPair);
}

function useDevices(open: (browser: Browser, url: string) => Promise<readonly Device[]>): DemoDevices {
  const world = {} as { browser: Browser; server: ServerProcess; devices: readonly Device[] };

  beforeAll(async () => {
    buildDemo(join(import.meta.dirname, '..'));
    world.browser = await launchChromium();
  });

  afterAll(() => world.browser.close());

  beforeEach(async () => {
    world.server = await startServerProcess();
    world.devices = await open(world.browser, world.server.url);
    await Promise.all(world.devices.map((device) => device.lamp('live')));
  });

  afterEach(async () => {
    await Promise.all(world.devices.map((device) => device.end()));
    await world.server.end();
  });

  return world;
}
