import { join } from 'node:path';
import type { Browser } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { buildDemo } from '../scripts/build-demo.ts';
import { launchChromium } from './chromium.ts';
import { type Device, openDevice } from './device.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';

/** What the tests of a file have: filled anew for each of them. */
export interface DemoDevices {
  readonly browser: Browser;
  readonly server: ServerProcess;
  /** That many, live, each on the demo page of the server. */
  readonly devices: readonly Device[];
}

/** A browser for the file, and for each test a server without data and devices of these names. */
export function useDemoDevices(...names: readonly string[]): DemoDevices {
  const world = {} as { browser: Browser; server: ServerProcess; devices: Device[] };

  beforeAll(async () => {
    buildDemo(join(import.meta.dirname, '..'));
    world.browser = await launchChromium();
  });

  afterAll(() => world.browser.close());

  beforeEach(async () => {
    world.server = await startServerProcess();
    world.devices = [];
    for (const name of names) world.devices.push(await openDevice(world.browser, world.server.url, name));
    await Promise.all(world.devices.map((device) => device.lamp('live')));
  });

  afterEach(async () => {
    await Promise.all(world.devices.map((device) => device.end()));
    await world.server.end();
  });

  return world;
}
