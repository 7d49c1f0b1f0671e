import type { Browser } from 'playwright';
import { quantile } from './measure.ts';
import type { ImportPage, ImportStorage } from './pages/import/main.ts';
import { tasksDuring, withPage } from './pages/served-page.ts';
import { toTable } from './table.ts';

declare global {
  var importPage: ImportPage;
}

export interface ImportCost {
  readonly storage: ImportStorage;
  readonly totalMs: number;
  readonly taskMs: readonly number[];
}

/** How long a page in Chromium is busy at a time while rows are imported into it. */
export function measureImport(rows: number): Promise<ImportCost[]> {
  return withPage('import', async ({ browser, url }) => {
    const costs: ImportCost[] = [];
    for (const storage of ['memory', 'Dexie'] as const) costs.push(await importInto(browser, url, storage, rows));
    return costs;
  });
}

async function importInto(browser: Browser, url: string, storage: ImportStorage, rows: number): Promise<ImportCost> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForFunction(() => globalThis.importPage !== undefined);
  let totalMs = 0;
  const taskMs = await tasksDuring(browser, async () => {
    totalMs = await page.evaluate(([storage, rows]) => globalThis.importPage.run(storage, rows), [
      storage,
      rows,
    ] as const);
  });
  await context.close();
  return { storage, totalMs, taskMs };
}

export function toImportReport(rows: number, costs: readonly ImportCost[]): string {
  const lines = costs.map(({ storage, totalMs, taskMs }) => [
    storage,
    `${(totalMs / 1000).toFixed(1)} s`,
    String(taskMs.length),
    `${quantile(taskMs, 0.5).toFixed(1)} ms`,
    `${quantile(taskMs, 0.95).toFixed(1)} ms`,
    `${Math.max(...taskMs).toFixed(0)} ms`,
  ]);
  return `
${toTable([`${rows.toLocaleString('en')} rows into`, 'in all', 'tasks', 'median', 'p95', 'longest'], lines)}

Tasks of the page's main thread of 1 ms and more, while insertMany writes.
`;
}
