import type { QueryReport, Reads } from '@breakwater/client';
import { byId, fromTemplate, setText, within } from '../dom.ts';
import { formatNumber } from '../format.ts';
import { createExperiment, type Finding } from './query-experiment.ts';

const READS: { readonly [R in Reads]: string } = {
  id: 'by id',
  index: 'only what it returns',
  range: 'part of an index',
  scan: 'everything',
};

/** Shows what is asked of a database, what each query reads, and what would make it read less. */
export interface QueryPanel {
  /** Opens it on the reports of a device. */
  open(label: string, reports: () => readonly QueryReport[]): void;
  /** There are other reports. */
  draw(): void;
}

export function createQueryPanel(onError: (error: unknown) => void): QueryPanel {
  const dialog = byId('queries', HTMLDialogElement);
  const body = byId('query-rows', HTMLTableSectionElement);
  const rowsByShape = new Map<string, HTMLElement>();
  let own: () => readonly QueryReport[] = () => [];
  let tried: QueryReport | undefined;

  byId('hide-queries', HTMLButtonElement).addEventListener('click', () => dialog.close());
  createExperimentSteps((report) => {
    tried = report;
    draw();
  }, onError);

  function draw(): void {
    if (!dialog.open) return;
    for (const report of tried === undefined ? own() : [tried, ...own()]) {
      const row = rowsByShape.get(report.shape) ?? fromTemplate('query-template', HTMLTableRowElement);
      rowsByShape.set(report.shape, row);
      drawRow(row, report);
      // Those that came first stay where they are: a list that jumps about cannot be read.
      if (!row.isConnected) body.append(row);
    }
  }

  return {
    open(label, reports) {
      own = reports;
      rowsByShape.clear();
      body.replaceChildren();
      setText(byId('queries-title', HTMLElement), `Queries of ${label}`);
      dialog.showModal();
      draw();
    },
    draw,
  };
}

function drawRow(row: HTMLElement, { shape, reads, index, count, p95Ms, inMemory, advice }: QueryReport): void {
  const set = (part: string, text: string) => setText(within(row, `.query-${part}`, HTMLElement), text);
  row.dataset.reads = reads;
  set('words', shape);
  set('advice', advice?.text ?? '');
  set('reads', READS[reads]);
  set('index', index.join(', '));
  set('runs', formatNumber(count) + (inMemory.count === 0 ? '' : ` + ${formatNumber(inMemory.count)} in memory`));
  set('p95', formatMs(p95Ms));
}

/** First without an index, then with the one that was advised. */
function createExperimentSteps(onReport: (report: QueryReport) => void, onError: (error: unknown) => void): void {
  const experiment = createExperiment();
  const button = byId('experiment-step', HTMLButtonElement);
  const bar = byId('experiment-progress', HTMLProgressElement);
  let advised: readonly string[] | undefined;

  button.addEventListener('click', () => void step());

  async function step(): Promise<void> {
    button.disabled = true;
    bar.hidden = false;
    try {
      const finding = await experiment.run(advised, ({ done, total }) => {
        bar.max = total ?? done;
        bar.value = done;
      });
      onReport(finding.report);
      show(finding);
    } catch (error) {
      onError(error);
    } finally {
      button.disabled = false;
      bar.hidden = true;
    }
  }

  function show({ report, insertedInMs, frames }: Finding): void {
    const isFast = report.reads === 'index';
    byId('experiment-figures', HTMLElement).hidden = false;
    byId('index-box', HTMLElement).hidden = !isFast;
    setText(byId(isFast ? 'index-label' : 'scan-label', HTMLElement), describeIndex(report));
    setText(byId(isFast ? 'index-figure' : 'scan-figure', HTMLElement), formatMs(report.p50Ms));
    const seconds = (insertedInMs / 1000).toFixed(1);
    const drawn = `every ${formatMs(frames.medianMs)}, ${formatMs(frames.longestMs)} at the longest`;
    const inserted = `100,000 rows went in within ${seconds} s; meanwhile the page was drawn ${drawn}.`;
    const advice = isFast ? '' : ' The list above has the index that would serve.';
    setText(byId('experiment-text', HTMLElement), `${inserted}${advice}`);
    advised = isFast ? undefined : report.advice?.index;
    setText(button, isFast ? 'Once more without it' : `Add the index ${advised?.join(', ') ?? ''}`);
  }
}

function describeIndex({ reads, index }: QueryReport): string {
  return reads === 'index'
    ? `in the median with the index ${index.join(', ')}`
    : 'in the median, reading all 100,000 rows';
}

function formatMs(ms: number): string {
  // Browsers tell the time in steps of 0.1 ms.
  if (ms < 0.1) return '< 0.1 ms';
  return ms < 100 ? `${ms.toFixed(1)} ms` : `${formatNumber(Math.round(ms))} ms`;
}
