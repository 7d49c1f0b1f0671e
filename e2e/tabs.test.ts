import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchChromium } from './chromium.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';
import type { TabPage } from './tab-page/main.ts';

declare global {
  var tabPage: TabPage;
}

let browser: Browser;
let context: BrowserContext;
let server: ServerProcess;
let pageDir: string;
/** Sockets that the tabs have opened, all together. */
let sockets: number;

beforeAll(async () => {
  pageDir = await mkdtemp(join(tmpdir(), 'breakwater-tab-page-'));
  await build({
    root: join(import.meta.dirname, 'tab-page'),
    logLevel: 'warn',
    resolve: { conditions: ['breakwater-source', 'module', 'browser'] },
    build: { outDir: pageDir, emptyOutDir: true, target: 'esnext' },
  });
  browser = await launchChromium();
});

afterAll(async () => {
  await browser.close();
  await rm(pageDir, { recursive: true });
});

beforeEach(async () => {
  server = await startServerProcess(pageDir);
  context = await browser.newContext();
  sockets = 0;
});

afterEach(async () => {
  await context.close();
  await server.end();
});

async function openTab(): Promise<Page> {
  const page = await context.newPage();
  page.on('websocket', () => sockets++);
  await page.goto(server.url);
  await page.waitForFunction(() => globalThis.tabPage !== undefined);
  await page.evaluate(() => tabPage.inSync());
  return page;
}

const insert = (page: Page, id: string) => page.evaluate((id) => tabPage.insert(id), id);
const ids = (page: Page) => page.evaluate(() => tabPage.ids());
const state = (page: Page) => page.evaluate(() => tabPage.state());

async function openThree(): Promise<[Page, Page, Page]> {
  return [await openTab(), await openTab(), await openTab()];
}

describe('tabs of one browser', () => {
  it('[TL1] share one socket, and show the same', async () => {
    const [a, b, c] = await openThree();
    await insert(b, 'from b');
    expect(await c.evaluate(() => tabPage.insertAndConfirm('from c'))).toBe('stored');
    await Promise.all([a, b, c].map((page) => page.evaluate(() => tabPage.inSync())));
    for (const page of [a, b, c]) expect(await ids(page)).toEqual(['from b', 'from c']);
    await c.evaluate(() => tabPage.pause());
    for (const page of [a, b, c]) await expect.poll(() => state(page)).toBe('paused');
    await insert(b, 'pending');
    for (const page of [a, b, c]) await expect.poll(() => page.evaluate(() => tabPage.pending())).toBe(1);
    expect(sockets).toBe(1);
  });

  it('[TL4] a tab that is closed is replaced at once, and what was not sent goes up', async () => {
    const [a, b, c] = await openThree();
    await server.kill();
    await expect.poll(() => state(b)).toBe('offline');
    await insert(b, 'offline');
    await server.start();
    const closed = Date.now();
    await a.close();
    await Promise.all([b, c].map((page) => page.evaluate(() => tabPage.inSync())));
    // Not after the backoff of the tab that was closed: a new leader begins at once.
    expect(Date.now() - closed).toBeLessThan(5_000);
    expect(await c.evaluate(() => tabPage.insertAndConfirm('after'))).toBe('stored');
    expect(await ids(b)).toEqual(['after', 'offline']);
  });

  it('[TL4] so is a tab that crashes', async () => {
    const [a, b, c] = await openThree();
    await insert(a, 'before');
    await a.evaluate(() => tabPage.inSync());
    const crashed = a.waitForEvent('crash');
    await a.goto('chrome://crash').catch(() => {});
    await crashed;
    expect(await b.evaluate(() => tabPage.insertAndConfirm('after'))).toBe('stored');
    await c.evaluate(() => tabPage.inSync());
    expect(await ids(c)).toEqual(['after', 'before']);
  });
});
