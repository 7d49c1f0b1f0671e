import { beforeEach, describe, expect, it } from 'vitest';
import { useDemoPair } from './demo-devices.ts';
import { type Device, deviceOn } from './device.ts';

const world = useDemoPair();
let a: Device;

beforeEach(() => {
  [a] = world.devices as [Device, Device];
});

async function shareLink(): Promise<string> {
  await a.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await a.root.getByTestId('share-note').click();
  await a.page.locator('#toast-text', { hasText: 'Link copied' }).waitFor();
  return a.page.evaluate(() => navigator.clipboard.readText());
}

/** Somebody else opens a link: nothing of an earlier visit is there, and the websocket goes nowhere. */
async function openElsewhere(link: string) {
  const context = await world.browser.newContext();
  const page = await context.newPage();
  const address = new URL(link);
  address.searchParams.set('server', 'ws://127.0.0.1:1/sync');
  await page.goto(address.href);
  return page;
}

describe('a link to a place', () => {
  it('[DP11] opens in a fresh profile without a connection, shows title, text and tags, and is added with one button', async () => {
    await a.newNote('Pier 7');
    await a.write('place', 'Zürich + Örebro');
    await a.write('tags', 'harbour, go back');
    await a.root.getByTestId('note-body').click();
    await a.page.keyboard.type('Low tide at noon: 7 herons & a “seal” 🦭.');
    const page = await openElsewhere(await shareLink());
    const preview = page.getByTestId('share');
    await preview.waitFor();
    const text = await preview.textContent();
    for (const part of [
      'Pier 7',
      'Zürich + Örebro',
      'harbour',
      'go back',
      'Low tide at noon: 7 herons & a “seal” 🦭.',
    ]) {
      expect(text).toContain(part);
    }
    await page.getByTestId('share-add').click();
    const other = deviceOn(page, 'a');
    await other.sees('title', 'Pier 7');
    await other.sees('body', 'Low tide at noon: 7 herons & a “seal” 🦭.');
    await other.sees('tags', 'go back, harbour');
    await page.reload();
    await other.sees('title', 'Pier 7');
    expect(await preview.isVisible()).toBe(false);
    await page.context().close();
  });

  it('[DP12] that is broken says what is wrong with it, and leaves the journal alone', async () => {
    await a.newNote('Pier 7');
    await a.isSaved();
    const link = await shareLink();
    for (const [broken, reason] of [
      [link.slice(0, -12), 'A part of it is missing'],
      [link.replace('share=1.', 'share=9.'), 'another version'],
      [`${world.server.url}/#share=1.NobwRAzglgdg`, 'A part of it is missing'],
    ] as const) {
      const page = await openElsewhere(broken);
      await page.getByTestId('share').waitFor();
      const text = await page.getByTestId('share').textContent();
      expect(text).toContain('This link cannot be read');
      expect(text).toContain(reason);
      expect(await page.getByTestId('share-add').isVisible()).toBe(false);
      await deviceOn(page, 'a').hasPlaces('0');
      await page.context().close();
    }
  });
});
