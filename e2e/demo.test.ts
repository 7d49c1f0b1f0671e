import type { Browser } from 'playwright';
import { beforeEach, describe, expect, it } from 'vitest';
import { useDemoDevices } from './demo-devices.ts';
import { type Device, openDevice } from './device.ts';
import type { ServerProcess } from './server-process.ts';

const world = useDemoDevices('a', 'b');
let browser: Browser;
let server: ServerProcess;
let a: Device;
let b: Device;

beforeEach(() => {
  ({ browser, server } = world);
  [a, b] = world.devices as [Device, Device];
});

describe('two devices on the demo page', () => {
  it('[DE1] an edit on one appears on the other', async () => {
    await a.newNote('Pier 7');
    await b.openNote('Pier 7');
    await a.write('body', 'Low tide at noon.');
    await b.sees('body', 'Low tide at noon.');
  });

  it('[DE31] both type into one text at once, each sees the other at work', async () => {
    await a.newNote('Pier 7');
    await b.openNote('Pier 7');
    for (const { page } of [a, b]) await page.getByTestId('note-body').click();
    await a.page.keyboard.type('Low tide at noon.');
    await b.sees('body', 'Low tide at noon.');
    expect(await b.cursors()).toEqual(['Device A']);
    await b.page.keyboard.press('Control+Home');
    await Promise.all([
      a.page.keyboard.type(' Herons on the wall.', { delay: 10 }),
      b.page.keyboard.type('Tuesday. ', { delay: 10 }),
    ]);
    for (const device of [a, b]) await device.sees('body', 'Tuesday. Low tide at noon. Herons on the wall.');
    expect(await a.cursors()).toEqual(['Device B']);
    await a.page.keyboard.press('Control+z');
    for (const device of [a, b]) await device.sees('body', 'Tuesday. ');
    await b.end();
    await expect.poll(() => a.cursors()).toEqual([]);
  });

  it('[DE2] edits of different fields made offline on both sides survive', async () => {
    await a.newNote('Pier 7');
    await b.openNote('Pier 7');
    await Promise.all([a.setConnected(false), b.setConnected(false)]);
    await Promise.all([a.lamp('offline'), b.lamp('offline')]);
    await a.write('title', 'Pier 8');
    await b.write('body', 'Herons on the wall.');
    await b.hasPending(1);
    expect(await b.read('title')).toBe('Pier 7');
    await Promise.all([a.setConnected(true), b.setConnected(true)]);
    await Promise.all([a.lamp('live'), b.lamp('live')]);
    for (const device of [a, b]) {
      await device.sees('title', 'Pier 8');
      await device.sees('body', 'Herons on the wall.');
      await device.isSaved();
    }
  });

  it('[DE3] a server that is killed loses nothing that was acknowledged, and what was not goes up later', async () => {
    await a.newNote('Pier 7');
    await b.openNote('Pier 7');
    await a.write('body', 'Acknowledged.');
    // The server tells others only of what is on its disk.
    await b.sees('body', 'Acknowledged.');
    await server.kill();
    await a.lamp('offline');
    await a.write('place', 'Outer harbour');
    await server.start();
    await a.lamp('live');
    await a.isSaved();
    const fresh = await openDevice(browser, server.url, 'c');
    await fresh.openNote('Pier 7');
    await fresh.sees('body', 'Acknowledged.');
    await fresh.sees('place', 'Outer harbour');
    await fresh.end();
  });

  it('[DE4] what was written offline survives a reload and goes up after it', async () => {
    await a.newNote('Pier 7');
    await a.isSaved();
    await a.setConnected(false);
    await a.write('body', 'Written offline.');
    await a.hasPending(1);
    await a.page.reload();
    await a.lamp('live');
    await a.isSaved();
    await b.openNote('Pier 7');
    await b.sees('body', 'Written offline.');
  });

  it('[LE21] what was typed in the last moment before a reload is there after it', async () => {
    await a.newNote('Pier 7');
    await a.isSaved();
    await a.setConnected(false);
    await a.lamp('offline');
    for (const [word, text] of [
      ['one', 'one'],
      [' two', 'one two'],
    ] as const) {
      await a.page.getByTestId('note-body').click();
      await a.page.keyboard.press('Control+End');
      await a.page.keyboard.type(word);
      await a.page.reload();
      await a.sees('body', text);
    }
    await a.lamp('live');
    await b.openNote('Pier 7');
    await b.sees('body', 'one two');
  });

  it('[DE5] 10,000 places loaded on one device arrive on the other', async () => {
    await a.page.getByTestId('load-places').click();
    await b.hasPlaces('10,000');
    await a.isSaved();
  });

  it('[DE6] a change that the server does not take is shown, and the visitor decides what becomes of it', async () => {
    await a.newNote('Pier 7');
    await b.openNote('Pier 7');
    await a.write('body', 'Low tide.');
    await b.sees('body', 'Low tide.');
    await a.write('body', 'x'.repeat(800_000));
    const refused = a.page.getByTestId('refused');
    await refused.waitFor({ state: 'visible' });
    expect(await refused.textContent()).toContain('1 change refused. “Pier 7”');
    await a.sees('body', 'Low tide.');
    await refused.getByRole('button', { name: 'Try again' }).click();
    // What is tried again is refused again, sooner or later: until then there may be nothing to discard.
    const discard = refused.getByRole('button', { name: 'Discard' });
    const isRefused = async () => {
      if (await refused.isVisible()) await discard.click({ timeout: 1_000 }).catch(() => {});
      return refused.isVisible();
    };
    await expect.poll(isRefused, { timeout: 30_000 }).toBe(false);
    await a.sees('body', 'Low tide.');
  });
});
