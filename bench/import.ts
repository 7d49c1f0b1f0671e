import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright';
import { build, preview } from 'vite';
import { findBrowser } from '../scripts/find-browser.ts';
import type { ImportPage, ImportStorage } from './import-page/main.ts';
import { quantile } from './measure.ts';
import { tracePageTasks } from './page-tasks.ts';
import { toTable } from './table.ts';

declare global {
  var importPage: ImportPage;
}

/** Shorter tasks of the page are not worth counting: there are thousands, and the median would say nothing. */
const SHORTEST_MS = 1;

export interface ImportCost {
  readonly storage: ImportStorage;
  readonly totalMs: number;
  readonly taskMs: readonly number[];
}

/** How long a page in Chromium is busy at a time while rows are imported into it, as the browser itself traces it. */
export async function measureImport(rows: number): Promise<ImportCost[]> {
  const outDir = await mkdtemp(join(tmpdir(), 'breakwater-import-'));
  const root = join(import.meta.dirname, 'import-page');
  const resolve = { conditions: ['breakwater-source', 'module', 'browser'] };
  await build({ root, logLevel: 'warn', resolve, build: { outDir, emptyOutDir: true, target: 'esnext' } });
  const server = await preview({ root, logLevel: 'warn', build: { outDir }, preview: { host: '127.0.0.1', port: 0 } });
  const browser = await chromium.launch({
    executablePath: findBrowser(),
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run'],
  });
  try {
    const url = server.resolvedUrls?.local[0];
    if (url === undefined) throw new Error('the page is not served');
    const costs: ImportCost[] = [];
    for (const storage of ['memory', 'Dexie'] as const) costs.push(await importInto(browser, url, storage, rows));
    return costs;
  } finally {
    await browser.close();
    await server.close();
    await rm(outDir, { recursive: true });
  }
}

async function importInto(browser: Browser, url: string, storage: ImportStorage, rows: number): Promise<ImportCost> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForFunction(() => globalThis.importPage !== undefined);
  const endTrace = await tracePageTasks(browser);
  const totalMs = await page.evaluate(([storage, rows]) => globalThis.importPage.run(storage, rows), [
    storage,
    rows,
  ] as const);
  const taskMs = (await endTrace()).map(({ ms }) => ms).filter((ms) => ms >= SHORTEST_MS);
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

Tasks of the page's main thread of ${SHORTEST_MS} ms and more, while insertMany writes.
`;
}
