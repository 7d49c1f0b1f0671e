import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright';
import { beforeEach, describe, expect, it } from 'vitest';
import { useDemoPair } from './demo-devices.ts';
import type { Device } from './device.ts';

declare global {
  var axe: { run(): Promise<AxeResults> };
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const world = useDemoPair();
let a: Device;
let b: Device;
let page: Page;

beforeEach(() => {
  [a, b] = world.devices as [Device, Device];
  page = a.page;
});

/** What axe-core calls serious or critical: the rule, and the elements that break it. */
async function faults(): Promise<string[]> {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`));
}

describe('whoever does not see the page, or has no mouse', () => {
  it.each(['light', 'dark'] as const)(
    '[DP14] axe finds nothing serious in the %s page: list, place, storm, phone',
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme });
      expect(await faults(), 'an empty journal').toEqual([]);
      await a.newNote('Pier 7');
      await a.write('tags', 'harbour');
      await a.root.getByTestId('sketch').click();
      await a.root.locator('[data-testid="photo"].is-here').waitFor();
      await b.root.getByTestId('note-row').waitFor();
      await b.weather('storm');
      await b.lamp('halted');
      await page.locator('#toast').waitFor({ state: 'hidden' });
      expect(await faults(), 'a place, a list and an open breaker').toEqual([]);
      await page.setViewportSize({ width: 390, height: 844 });
      expect(await faults(), 'a phone').toEqual([]);
      await page.setViewportSize({ width: 1440, height: 900 });
      await a.root.getByTestId('close-note').click();
      await a.root.getByTestId('show-queries').click();
      await page.getByTestId('query-row').first().waitFor();
      expect(await faults(), 'the queries').toEqual([]);
    },
  );

  it('[DP15] a place is found, opened, changed and left with the keyboard', async () => {
    await a.newNote('Pier 7');
    await a.root.getByTestId('close-note').click();
    await a.root.getByTestId('search').focus();
    await page.keyboard.type('pier');
    await a.root.getByRole('option', { name: 'Pier 7' }).waitFor();
    await a.root.getByRole('listbox', { name: 'Places' }).focus();
    await page.keyboard.press('ArrowDown');
    await a.sees('title', 'Pier 7');
    await a.root.getByTestId('like').focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => b.root.locator('.row-likes').textContent()).toBe('♥ 1');
    await a.root.getByTestId('weather-clear').focus();
    await page.keyboard.press('ArrowRight');
    expect(await a.root.getByTestId('weather-slow').isChecked()).toBe(true);
    await a.root.getByTestId('close-note').focus();
    await page.keyboard.press('Enter');
    await a.root.getByTestId('search').waitFor();
  });

  it('[DP16] where motion is unwelcome, no dots sail', async () => {
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await page.evaluate(() => {
      let sailed = 0;
      new MutationObserver((changes) => {
        for (const { addedNodes } of changes) sailed += addedNodes.length;
        document.documentElement.dataset.sailed = String(sailed);
      }).observe(document.getElementById('boats') ?? document, { childList: true });
    });
    const sailed = () => page.evaluate(() => Number(document.documentElement.dataset.sailed ?? 0));
    await a.newNote('Pier 7');
    await b.openNote('Pier 7');
    expect(await sailed()).toBe(0);
    await page.emulateMedia({ reducedMotion: 'no-preference' });
    await a.write('title', 'Pier 8');
    await expect.poll(sailed).toBeGreaterThan(0);
  });
});
