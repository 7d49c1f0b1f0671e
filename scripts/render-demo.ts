/*
 * npm run picture -- demo: plays a scene on the demo page, and takes pictures of it into docs/pictures.
 */
import { Buffer } from 'node:buffer';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { Browser, Locator, Page } from 'playwright';
import { launchChromium } from '../e2e/chromium.ts';
import { startServerProcess } from '../e2e/server-process.ts';
import { buildDemo } from './build-demo.ts';
import { findBrowser } from './find-browser.ts';

const root = join(import.meta.dirname, '..');
const folder = join(root, 'docs/pictures');

const DESKTOP = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };

/** Of 100. */
const QUALITY = 86;

/** Who reads the list first sees places that somebody has been to. */
const JOURNAL = [
  ['Istanbul', 'The last ferry to Üsküdar, tea in a glass.', 'ferry, tea', 3],
  ['Marseille', 'Fish market at eight, before the heat.', 'harbour, market', 1],
  ['Bergen', 'It rained, and nobody minded.', 'fjord, rain', 2],
  [
    'Lisbon',
    'Ten minutes across the river at dusk, and the whole hill in front of you. Sit on the left.',
    'ferry, go back',
    4,
  ],
] as const;

buildDemo(root);
mkdirSync(folder, { recursive: true });
process.env.BREAKWATER_CHROMIUM = findBrowser();
const server = await startServerProcess();
const browser = await launchChromium();
try {
  await play(browser, server.url);
} finally {
  await browser.close();
  await server.end();
}

async function play(browser: Browser, url: string): Promise<void> {
  const page = await browser.newPage({ viewport: DESKTOP, colorScheme: 'light' });
  await page.goto(url);
  const [a, b] = [page.getByTestId('device-a'), page.getByTestId('device-b')];
  for (const device of [a, b]) await lamp(device, 'live');
  await a.getByTestId('load-places').click();
  for (const device of [a, b]) await shows(device, 'note-count', '10,000 places', 120_000);
  for (const [name, text, tags, likes] of JOURNAL) await writeAbout(page, a, name, text, tags, likes);
  await b.getByTestId('note-row').filter({ hasText: 'Lisbon' }).first().click();
  await page.locator('#toast').waitFor({ state: 'hidden' });

  await b.getByTestId('weather-storm').check({ force: true });
  await b.getByTestId('note-title').fill('Lisbon, from the water');
  await open(a, 'Lisbon');
  await a.getByTestId('note-place').fill('Cais do Sodré');
  await lamp(b, 'halted');
  await a.getByTestId('close-note').click();
  await page.mouse.move(720, 880);
  await page.waitForTimeout(3000);
  await take(page, 'storm');

  await page.emulateMedia({ colorScheme: 'dark' });
  await open(a, 'Lisbon');
  await b.getByTestId('weather-clear').check({ force: true });
  await b.getByTestId('retry').click();
  await b.getByTestId('authors').filter({ hasText: 'Written apart' }).waitFor();
  await a.getByTestId('authors').filter({ hasText: 'Written apart' }).waitFor();
  await page.waitForTimeout(200);
  await take(page, 'together');
  await page.close();

  for (const colorScheme of ['light', 'dark'] as const) await takePhone(browser, url, colorScheme);
}

async function takePhone(browser: Browser, url: string, colorScheme: 'light' | 'dark'): Promise<void> {
  const phone = await browser.newPage({
    viewport: PHONE,
    colorScheme,
    isMobile: true,
    hasTouch: true,
    deviceScaleFactor: 1.5,
  });
  await phone.goto(url);
  const device = phone.getByTestId('device-a');
  await shows(device, 'note-count', '10,000 places', 120_000);
  await phone.locator('[data-testid="device-a"] .row-photo:not([hidden])').nth(3).waitFor();
  if (colorScheme === 'dark') {
    await open(device, 'Lisbon');
    await device.locator('[data-testid="photo"].is-here').first().waitFor();
    await device.getByTestId('weather-slow').check({ force: true });
    await device.getByTestId('like').click();
    await phone.waitForTimeout(250);
  }
  await take(phone, `phone-${colorScheme}`);
  await phone.close();
}

async function writeAbout(
  page: Page,
  device: Locator,
  name: string,
  text: string,
  tags: string,
  likes: number,
): Promise<void> {
  await device.getByTestId('search').fill(name);
  await open(device, name);
  await device.locator('.cm-content').click();
  await page.keyboard.type(text);
  await device.getByTestId('note-tags').fill(tags);
  for (let like = 0; like < likes; like++) await device.getByTestId('like').click();
  for (let photos = 1; photos <= 2; photos++) {
    await device.getByTestId('sketch').click();
    await device
      .locator('[data-testid="photo"].is-here')
      .nth(photos - 1)
      .waitFor();
  }
  await shows(device, 'pending', '0', 30_000);
  await device.getByTestId('close-note').click();
  await device.getByTestId('search').fill('');
}

function open(device: Locator, name: string): Promise<void> {
  return device.getByTestId('note-row').filter({ hasText: name }).first().click();
}

function lamp(device: Locator, state: string): Promise<void> {
  return device.locator(`[data-testid="lamp"][data-state="${state}"]`).waitFor();
}

function shows(device: Locator, id: string, text: string, timeout: number): Promise<void> {
  return device.locator(`[data-testid="${id}"]:text-is("${text}")`).waitFor({ timeout });
}

/** As WebP, which Playwright itself does not write: a third of the bytes. */
async function take(page: Page, name: string): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: QUALITY });
  writeFileSync(join(folder, `${name}.webp`), Buffer.from(data, 'base64'));
}
