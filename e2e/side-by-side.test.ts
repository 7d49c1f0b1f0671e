import type { Page } from 'playwright';
import { beforeEach, describe, expect, it } from 'vitest';
import { useDemoPair } from './demo-devices.ts';
import { type Device, deviceOn } from './device.ts';
import { dropPicture, shownPhotos } from './pictures.ts';

const world = useDemoPair();
let a: Device;
let b: Device;
let page: Page;

/** The longest time until the probe, as the page sets it, in milliseconds. */
const PROBE_AFTER_MS = 22_000;

beforeEach(() => {
  [a, b] = world.devices as [Device, Device];
  page = a.page;
});

/** What the harbour says of the breaker of a device. */
function breakerOf(name: 'A' | 'B') {
  return page.getByRole('region', { name: `Instruments of Device ${name}` }).getByTestId('breaker');
}

function log() {
  return page.getByTestId('log');
}

describe('two devices side by side', () => {
  it('[DP1] what one writes the other shows; what both wrote while one was cut off is kept, and says who wrote it', async () => {
    await a.newNote('Pier 7');
    await b.openNote('Pier 7');
    await b.setConnected(false);
    await b.lamp('offline');
    await b.write('place', 'Outer harbour');
    await b.hasPending(1);
    await a.write('title', 'Pier 8');
    await a.isSaved();
    expect(await b.read('title')).toBe('Pier 7');
    await b.setConnected(true);
    for (const device of [a, b]) {
      await device.sees('title', 'Pier 8');
      await device.sees('place', 'Outer harbour');
      const authors = device.root.getByTestId('authors');
      await authors.filter({ hasText: 'Written apart, both kept' }).waitFor();
      expect(await authors.textContent()).toMatch(/A nameB town/);
    }
    await log().getByText('“Pier 8” written apart: kept its town; took the other’s name').waitFor();
  });

  it('[DP2] five failures in a storm open the breaker; it counts down, probes, and all agree', async () => {
    // The page's clock goes on by itself, and can be put forward. From the beginning, or what runs already has another one.
    await page.clock.install();
    await page.reload();
    for (const device of [a, b]) await device.lamp('live');
    await a.newNote('Pier 7');
    await b.openNote('Pier 7');
    await b.weather('storm');
    await b.write('place', 'Outer harbour');
    await a.write('title', 'Pier 8');
    // Four delays of 0.25, 0.5, 1 and 1 s with half of it added at most, and five lines that hold for less than half a second.
    await b.lamp('halted');
    await expect.poll(() => breakerOf('B').textContent()).toMatch(/Breaker open\s*probe in \d+ s/);
    expect(await breakerOf('A').textContent()).toMatch(/Breaker closed\s*0 of 5 failures/);
    const left = async () => Number(/(\d+) s/.exec((await breakerOf('B').textContent()) ?? '')?.[1]);
    const before = await left();
    await expect.poll(left).toBeLessThan(before);
    await b.weather('clear');
    // Neither the weather nor a click makes the probe: the end of the countdown does.
    expect(await breakerOf('B').textContent()).toMatch(/Breaker open/);
    await page.clock.fastForward(PROBE_AFTER_MS);
    await b.lamp('live');
    await log().getByText('breaker half-open, one probe').waitFor();
    for (const device of [a, b]) {
      await device.sees('title', 'Pier 8');
      await device.sees('place', 'Outer harbour');
      await device.isSaved();
    }
    // Half-open until the link has lasted.
    await expect
      .poll(() => breakerOf('B').textContent(), { timeout: 10_000 })
      .toMatch(/Breaker closed\s*0 of 5 failures/);
  });

  it('[DP3] a photo whose line is cut in the middle arrives when it is joined again, and shows in the list', async () => {
    await a.newNote('Pier 7');
    await b.openNote('Pier 7');
    await a.weather('slow');
    await dropPicture(a.root, 'image/jpeg');
    const [ofA] = await shownPhotos(a.root, 1);
    const isUnderWay = () =>
      a.root
        .getByTestId('transfers')
        .locator('progress')
        .evaluateAll((bars) => bars.some((bar) => bar instanceof HTMLProgressElement && bar.value > 50_000));
    await expect.poll(isUnderWay, { timeout: 60_000 }).toBe(true);
    await a.weather('cut');
    await a.lamp('offline');
    expect(await b.root.locator('[data-testid="photo"].is-here').count()).toBe(0);
    await a.weather('clear');
    expect(await shownPhotos(b.root, 1)).toEqual([ofA]);
    await b.root.getByTestId('close-note').click();
    await b.root.locator('.row-photo').first().waitFor();
    const src = (await b.root.locator('.row-photo').first().getAttribute('src')) ?? '';
    await b.root.getByTestId('search').fill('no such place');
    await b.root.locator('.row-photo').first().waitFor({ state: 'detached' });
    const canRead = (url: string) =>
      fetch(url).then(
        () => true,
        () => false,
      );
    expect(await page.evaluate(canRead, src)).toBe(false);
  });

  it('[DP4] likes of both at once are two', async () => {
    await a.newNote('Pier 7');
    await b.openNote('Pier 7');
    await b.setConnected(false);
    for (const { root } of [a, b]) await root.getByTestId('like').click();
    await b.setConnected(true);
    for (const { root } of [a, b]) await expect.poll(() => root.getByTestId('likes').textContent()).toBe('2');
  });

  it('[DP5] two cursors stand in one text', async () => {
    await a.newNote('Pier 7');
    await b.openNote('Pier 7');
    await b.root.getByTestId('note-body').click();
    await page.keyboard.type('Herons on the wall.');
    await a.sees('body', 'Herons on the wall.');
    await a.root.getByTestId('note-body').click();
    await page.keyboard.press('Control+Home');
    await page.keyboard.type('Tuesday. ');
    await b.sees('body', 'Tuesday. Herons on the wall.');
    expect(await b.cursors()).toEqual(['Device A']);
  });

  it('[DP6] a slow line delays, a silent one answers nothing, and neither loses what was written', async () => {
    await a.newNote('Pier 7');
    await b.openNote('Pier 7');
    await a.weather('slow');
    await a.write('title', 'Pier 8');
    await b.sees('title', 'Pier 8');
    await a.weather('silent');
    await a.write('place', 'Outer harbour');
    await a.hasPending(1);
    await a.weather('lossy');
    await b.sees('place', 'Outer harbour');
    await a.isSaved();
  });

  it('[DP7] a window keeps its devices when it is reloaded, and a second window has two others', async () => {
    await a.newNote('Pier 7');
    await a.isSaved();
    const second = await page.context().newPage();
    await second.goto(world.server.url);
    await deviceOn(second, 'c').openNote('Pier 7');
    await deviceOn(second, 'd').openNote('Pier 7');
    await page.reload();
    await a.sees('title', 'Pier 7');
    await b.lamp('live');
  });

  it('[DP8] a small screen shows one device at a time', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    expect([await a.root.isVisible(), await b.root.isVisible()]).toEqual([true, false]);
    await page.getByTestId('switch-b').check({ force: true });
    expect([await a.root.isVisible(), await b.root.isVisible()]).toEqual([false, true]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  });
});
