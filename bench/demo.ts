import { join } from 'node:path';
import type { Browser, Page } from 'playwright';
import { launchChromium } from '../e2e/chromium.ts';
import { startServerProcess } from '../e2e/server-process.ts';
import { buildDemo } from '../scripts/build-demo.ts';
import { findBrowser } from '../scripts/find-browser.ts';
import { toTable } from './table.ts';

/** What a visitor feels of the demo page while places arrive. */
export interface DemoCost {
  readonly what: string;
  readonly seconds: number;
  /** In milliseconds, as browsers count them: from 50 ms on. */
  readonly tasksWhileOpening: readonly number[];
  readonly tasksAfter: readonly number[];
  /** Cumulative layout shift: the sum of what moved by itself, in shares of the window. */
  readonly layoutShift: number;
}

interface Seen {
  readonly longTasks: { readonly startTime: number; readonly duration: number }[];
  layoutShift: number;
}

declare global {
  var seen: Seen;
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
  const startedAt = performance.now();
  await page.goto(url);
  for (const name of ['a', 'b']) {
    await page.getByTestId(`device-${name}`).locator('[data-testid="lamp"][data-state="live"]').waitFor();
  }
  const openedAt = await page.evaluate(() => performance.now());
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
  const { longTasks, layoutShift } = await page.evaluate(() => globalThis.seen);
  await context.close();
  const durations = (isAfter: boolean) =>
    longTasks.filter(({ startTime }) => startTime > openedAt === isAfter).map(({ duration }) => duration);
  return { what, seconds, tasksWhileOpening: durations(false), tasksAfter: durations(true), layoutShift };
}

/** Runs in the page, before anything else. */
function watch(): void {
  const seen: Seen = { longTasks: [], layoutShift: 0 };
  globalThis.seen = seen;
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) seen.longTasks.push({ startTime, duration });
  }).observe({ type: 'longtask', buffered: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { value, hadRecentInput } = entry as PerformanceEntry & { value: number; hadRecentInput: boolean };
      if (!hadRecentInput) seen.layoutShift += value;
    }
  }).observe({ type: 'layout-shift', buffered: true });
}

export function toDemoReport(costs: readonly DemoCost[]): string {
  const longest = (tasks: readonly number[]) => `${Math.max(0, ...tasks).toFixed(0)} ms`;
  const lines = costs.map(({ what, seconds, tasksWhileOpening, tasksAfter, layoutShift }) => [
    what,
    `${seconds.toFixed(1)} s`,
    longest(tasksWhileOpening),
    longest(tasksAfter),
    String(tasksAfter.length),
    layoutShift.toFixed(4),
  ]);
  const heads = [
    '10,000 places',
    'in all',
    'longest task of opening',
    'while they come',
    'of 50 ms and more',
    'layout shift',
  ];
  return `
${toTable(heads, lines)}

Of the demo page with its two devices in Chromium, from its opening until both have everything. Opening ends when both are live.
`;
}
