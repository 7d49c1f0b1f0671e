import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildExample } from '../scripts/build-example.ts';
import { launchChromium } from './chromium.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';

const ROOT = join(import.meta.dirname, '..');
const EXAMPLES = [
  { name: 'vanilla', file: 'src/main.ts' },
  { name: 'react', file: 'src/main.tsx' },
];

let browser: Browser;

beforeAll(async () => {
  browser = await launchChromium();
});

afterAll(() => browser?.close());

describe.each(EXAMPLES)('the example $name', ({ name, file }) => {
  let pageDir: string;
  let server: ServerProcess;

  beforeAll(async () => {
    pageDir = await mkdtemp(join(tmpdir(), 'breakwater-example-'));
    await buildExample(ROOT, name, pageDir);
  });

  afterAll(() => rm(pageDir, { recursive: true }));

  beforeEach(async () => {
    server = await startServerProcess(pageDir);
  });

  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    await server.end();
  });

  /** A device of its own, once it is live. */
  async function openDevice(): Promise<Page> {
    const page = await (await browser.newContext()).newPage();
    await page.goto(server.url);
    await page.getByRole('status').filter({ hasText: 'live' }).waitFor();
    return page;
  }

  it('[EX1] shows in one window what another writes, and takes it back', async () => {
    const [one, other] = [await openDevice(), await openDevice()];
    await write(one, 'Low tide at noon');
    await expect.poll(() => texts(other)).toEqual(['Low tide at noon']);
    await other.getByRole('button', { name: 'Remove' }).click();
    await expect.poll(() => texts(one)).toEqual([]);
  });

  it('[EX2] merges what two windows change of one note', async () => {
    const [one, other] = [await openDevice(), await openDevice()];
    await write(one, 'Low tide at noon');
    await expect.poll(() => texts(other)).toEqual(['Low tide at noon']);
    await one.getByLabel('Text').fill('Low tide at one');
    await one.getByLabel('Text').blur();
    await other.getByLabel('Done').click();
    for (const page of [one, other]) {
      await expect.poll(() => texts(page)).toEqual(['Low tide at one']);
      await expect.poll(() => page.getByLabel('Done').isChecked()).toBe(true);
    }
  });

  it('[EX4] leaves what is being typed alone while notes of other devices come', async () => {
    const [one, other] = [await openDevice(), await openDevice()];
    await write(one, 'Low tide');
    await one.getByLabel('Text').press('End');
    await one.keyboard.type(' at noon');
    await write(other, 'High tide');
    await expect.poll(() => texts(one)).toEqual(['Low tide at noon', 'High tide']);
    await one.keyboard.type('!');
    await one.keyboard.press('Tab');
    await expect.poll(() => texts(other)).toEqual(['Low tide at noon!', 'High tide']);
  });

  it('[EX3] is one file of fewer than 100 lines', async () => {
    const lines = (await readFile(join(ROOT, 'examples', name, file), 'utf8')).split('\n');
    expect(lines.length).toBeLessThan(100);
  });
});

async function write(page: Page, text: string): Promise<void> {
  await page.getByLabel('New note').fill(text);
  await page.getByRole('button', { name: 'Add' }).click();
}

/** Of the notes that a window shows. */
function texts(page: Page): Promise<string[]> {
  return page.getByLabel('Text').evaluateAll((inputs) => inputs.map((input) => (input as HTMLInputElement).value));
}
