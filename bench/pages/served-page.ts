import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright';
import { build, preview } from 'vite';
import { findBrowser } from '../../scripts/find-browser.ts';
import { tracePageTasks } from '../page-tasks.ts';

/** Shorter tasks of a page are not worth counting: there are thousands, and their median would say nothing. */
const SHORTEST_MS = 1;

export interface ServedPage {
  readonly browser: Browser;
  readonly url: string;
}

/** Builds the page in a folder beside this file, as for production, and opens Chromium for as long as it is worked with. */
export async function withPage<T>(folder: string, work: (page: ServedPage) => Promise<T>): Promise<T> {
  const outDir = await mkdtemp(join(tmpdir(), 'breakwater-page-'));
  const root = join(import.meta.dirname, folder);
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
    return await work({ browser, url });
  } finally {
    await browser.close();
    await server.close();
    await rm(outDir, { recursive: true });
  }
}

/** The milliseconds of each task of the busiest page's main thread meanwhile, as the browser traces it. */
export async function tasksDuring(browser: Browser, work: () => Promise<void>): Promise<number[]> {
  const endTrace = await tracePageTasks(browser);
  await work();
  const tasks = await endTrace();
  return tasks.map(({ ms }) => ms).filter((ms) => ms >= SHORTEST_MS);
}
