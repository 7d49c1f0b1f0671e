import { join } from 'node:path';
import type { Browser, Page, Response } from 'playwright';
import { launchChromium } from '../e2e/chromium.ts';
import { startServerProcess } from '../e2e/server-process.ts';
import { buildDemo } from '../scripts/build-demo.ts';
import { findBrowser } from '../scripts/find-browser.ts';
import { type PageTask, tracePageTasks } from './page-tasks.ts';
import { toTable } from './table.ts';

/** What a visitor feels of the demo page while places arrive. */
export interface DemoCost {
  readonly what: string;
  readonly seconds: number;
  /** Bytes of files, as they came over the line, until both devices are live. What the service worker fetches later is not in it. */
  readonly loadedBytes: number;
  /** Of the page's main thread, once both devices are live. */
  readonly tasks: readonly PageTask[];
  /** Cumulative layout shift: the sum of what moved by itself, in shares of the window. */
  readonly layoutShift: number;
}

declare global {
  var layoutShift: number;
}

/** 10,000 places go into one device of the page and arrive on the other; then a fresh page pulls them into both. */
export async function measureDemo(): Promise<DemoCost[]> {
  buildDemo(join(import.meta.dirname, '..'));
  process.env.BREAKWATER_CHROMIUM = findBrowser();
  const server = await startServerProcess();
  const browser = await launchChromium();
  try {
    const loads = async (page: Page) => {
      await page.getByTestId('device-a').getByTestId('load-places').click();
    };
    const costs = [
      await measurePage(browser, server.url, 'loaded on one device, arriving on the other', loads),
      await measurePage(browser, server.url, 'pulled by two fresh devices at once', async () => {}),
    ];
    return costs;
  } finally {
    await browser.close();
    await server.end();
  }
}

async function measurePage(
  browser: Browser,
  url: string,
  what: string,
  start: (page: Page) => Promise<void>,
): Promise<DemoCost> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.addInitScript(watch);
  const responses: Response[] = [];
  page.on('response', (response) => responses.push(response));
  const startedAt = performance.now();
  await page.goto(url);
  for (const name of ['a', 'b']) {
    await page.getByTestId(`device-${name}`).locator('[data-testid="lamp"][data-state="live"]').waitFor();
  }
  const loadedBytes = await bytesOf(responses);
  const endTrace = await tracePageTasks(browser);
  await start(page);
  for (const name of ['a', 'b']) {
    const sees = (id: string, text: string) =>
      page
        .locator(`[data-testid="device-${name}"] [data-testid="${id}"]:text-is("${text}")`)
        .waitFor({ timeout: 120_000 });
    await sees('note-count', '10,000 places');
    await sees('pending', '0');
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const tasks = await endTrace();
  const layoutShift = await page.evaluate(() => globalThis.layoutShift);
  await context.close();
  return { what, seconds, loadedBytes, tasks, layoutShift };
}

async function bytesOf(responses: readonly Response[]): Promise<number> {
  const files = responses.filter((response) => !response.fromServiceWorker());
  const sizes = await Promise.all(files.map((response) => response.request().sizes()));
  return sizes.reduce((sum, { responseBodySize }) => sum + responseBodySize, 0);
}

/** Runs in the page, before anything else. */
function watch(): void {
  globalThis.layoutShift = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { value, hadRecentInput } = entry as PerformanceEntry & { value: number; hadRecentInput: boolean };
      if (!hadRecentInput) globalThis.layoutShift += value;
    }
  }).observe({ type: 'layout-shift', buffered: true });
}

export function toDemoReport(costs: readonly DemoCost[]): string {
  const longest = (tasks: readonly PageTask[], of: (task: PageTask) => number) =>
    `${tasks.reduce((longest, task) => Math.max(longest, of(task)), 0).toFixed(0)} ms`;
  const lines = costs.map(({ what, seconds, loadedBytes, tasks, layoutShift }) => [
    what,
    `${(loadedBytes / 1000).toFixed(0)} KB`,
    `${seconds.toFixed(1)} s`,
    longest(tasks, ({ processorMs }) => processorMs),
    longest(tasks, ({ ms }) => ms),
    layoutShift.toFixed(4),
  ]);
  return `
${toTable(['10,000 places', 'page', 'in all', 'longest task, processor', 'by the clock', 'layout shift'], lines)}

Of the demo page with its two devices in Chromium, from its opening until both have everything; tasks once both are live. Page:
what its files take on the line until then. By the clock a task takes longer where the machine has other work.
`;
}
