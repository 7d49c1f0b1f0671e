import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type CDPSession, chromium } from 'playwright';
import { build, preview } from 'vite';
import { findBrowser } from '../../scripts/find-browser.ts';

/** Shorter tasks of a page are not worth counting: there are thousands, and their median would say nothing. */
const SHORTEST_MS = 1;

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly tid: number;
  readonly pid: number;
  readonly dur?: number;
  readonly args?: { readonly name?: string };
}

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
  const session = await browser.newBrowserCDPSession();
  const endTrace = await startTrace(session);
  await work();
  const tasks = tasksOfPage(await endTrace());
  await session.detach();
  return tasks;
}

async function startTrace(session: CDPSession): Promise<() => Promise<TraceEvent[]>> {
  const events: TraceEvent[] = [];
  session.on('Tracing.dataCollected', ({ value }) => {
    events.push(...(value as unknown as TraceEvent[]));
  });
  const isComplete = new Promise<void>((resolve) => session.once('Tracing.tracingComplete', () => resolve()));
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['toplevel', 'disabled-by-default-devtools.timeline'] },
  } as never);
  return async () => {
    await session.send('Tracing.end');
    await isComplete;
    return events;
  };
}

/** Those of the main thread that was busiest: only one page does anything. */
function tasksOfPage(events: readonly TraceEvent[]): number[] {
  const isMain = ({ name, args }: TraceEvent) => name === 'thread_name' && args?.name === 'CrRendererMain';
  const byThread = events
    .filter(isMain)
    .map(({ pid, tid }) =>
      events
        .filter((event) => event.pid === pid && event.tid === tid && event.name === 'RunTask' && event.ph === 'X')
        .map(({ dur = 0 }) => dur / 1000),
    );
  const sum = (tasks: readonly number[]) => tasks.reduce((total, ms) => total + ms, 0);
  const [busiest = []] = byThread.sort((a, b) => sum(b) - sum(a));
  return busiest.filter((ms) => ms >= SHORTEST_MS);
}
