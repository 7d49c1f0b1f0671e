import type { Browser } from 'playwright';

/** A task of a page's main thread. */
export interface PageTask {
  /** By the clock, in milliseconds. */
  readonly ms: number;
  /** Of the processor, in milliseconds: what it takes on a machine that has nothing else to do. */
  readonly processorMs: number;
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly tid: number;
  readonly pid: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** Has the browser trace what its pages do. Answers how to end it: with the tasks of the page that was busiest. */
export async function tracePageTasks(browser: Browser): Promise<() => Promise<PageTask[]>> {
  const session = await browser.newBrowserCDPSession();
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
    await session.detach();
    return tasksOfPage(events);
  };
}

/** Those of the main thread that was busiest: only one page does anything. */
function tasksOfPage(events: readonly TraceEvent[]): PageTask[] {
  const isMain = ({ name, args }: TraceEvent) => name === 'thread_name' && args?.name === 'CrRendererMain';
  const byThread = events
    .filter(isMain)
    .map(({ pid, tid }) =>
      events
        .filter((event) => event.pid === pid && event.tid === tid && event.name === 'RunTask' && event.ph === 'X')
        .map(({ dur = 0, tdur = dur }) => ({ ms: dur / 1000, processorMs: tdur / 1000 })),
    );
  const sum = (tasks: readonly PageTask[]) => tasks.reduce((total, { ms }) => total + ms, 0);
  const [busiest = []] = byThread.sort((a, b) => sum(b) - sum(a));
  return busiest;
}
