import { beforeEach, expect, it } from 'vitest';
import { useDemoPair } from './demo-devices.ts';
import type { Device } from './device.ts';

const world = useDemoPair();
let a: Device;
let b: Device;

beforeEach(() => {
  [a, b] = world.devices as [Device, Device];
});

it('[DP13] the page opens again without a server, with everything that it showed', async () => {
  await a.newNote('Pier 7');
  await a.root.getByTestId('note-body').click();
  await a.page.keyboard.type('Low tide at noon.');
  await b.openNote('Pier 7');
  await b.sees('body', 'Low tide at noon.');
  await a.page.evaluate(() => navigator.serviceWorker.ready);
  await world.server.kill();
  await a.page.reload();
  for (const device of [a, b]) {
    await device.sees('title', 'Pier 7');
    await device.sees('body', 'Low tide at noon.');
  }
  await a.write('title', 'Pier 8');
  await a.hasPending(1);
  expect(await b.read('title')).toBe('Pier 7');
  await world.server.start();
  await b.sees('title', 'Pier 8');
});
