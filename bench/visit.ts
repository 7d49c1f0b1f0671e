import type { BrowserContext, Page } from 'playwright';
import { median, quantile } from './measure.ts';
import { tasksDuring, withPage } from './pages/served-page.ts';
import type { VisitPage } from './pages/visit/main.ts';
import { startPeer } from './peers/peer.ts';
import { toTable } from './table.ts';

declare global {
  var visitPage: VisitPage;
}

const ROWS = 10_000;
const PATCHES = 30;

/** What a visitor with Chromium feels, on IndexedDB by Dexie. Against our server; there is no floor to a database. */
export function reportVisit(): Promise<string> {
  return withPage('visit', async ({ browser, url }) => {
    const peer = await startPeer('breakwater', new URL(url).origin);
    const context = await browser.newContext();
    try {
      const writer = await peer.client();
      await writer.call('write', 0, ROWS);
      await writer.call('acknowledged');
      return await visit(context, url, `ws://127.0.0.1:${peer.port}/sync`);
    } finally {
      await context.close();
      await peer.end();
    }
  });
}

async function visit(context: BrowserContext, url: string, socketUrl: string): Promise<string> {
  const browser = context.browser();
  if (browser === null) throw new Error('the browser is gone');
  const first = await openTab(context, url);
  let syncMs = 0;
  const tasks = await tasksDuring(browser, async () => {
    syncMs = await first.evaluate(([to, rows]) => globalThis.visitPage.sync(to, rows), [socketUrl, ROWS] as const);
  });
  const other = await openTab(context, url);
  await other.evaluate(([to, rows]) => globalThis.visitPage.sync(to, rows), [socketUrl, ROWS] as const);
  const toOtherTab = await patches(first, other);
  await first.close();
  await other.close();
  const again = await openTab(context, url);
  const { ms: reopened } = await again.evaluate(() => globalThis.visitPage.open());
  await again.close();

  const ms = (value: number) => `${value >= 100 ? value.toFixed(0) : value.toPrecision(3)} ms`;
  return `
${toTable(
  ['in Chromium, on IndexedDB by Dexie', ''],
  [
    [`first sync of ${ROWS.toLocaleString('en')} rows`, ms(syncMs)],
    ['its longest task of the main thread', ms(Math.max(...tasks))],
    ['its tasks, p95', ms(quantile(tasks, 0.95))],
    ['opened again, until the first query is answered', ms(reopened)],
    ["patch until the other tab's query shows it, p50", ms(median(toOtherTab))],
  ],
)}
`;
}

async function openTab(context: BrowserContext, url: string): Promise<Page> {
  const tab = await context.newPage();
  await tab.goto(url);
  await tab.waitForFunction(() => globalThis.visitPage !== undefined);
  return tab;
}

async function patches(writer: Page, reader: Page): Promise<number[]> {
  const taken: number[] = [];
  for (let row = 0; row < PATCHES; row++) {
    const body = `patch ${row}`;
    const shown = reader.evaluate(([n, text]) => globalThis.visitPage.shows(n, text), [row, body] as const);
    const began = await writer.evaluate(([n, text]) => globalThis.visitPage.patch(n, text), [row, body] as const);
    taken.push((await shown) - began);
  }
  return taken;
}
