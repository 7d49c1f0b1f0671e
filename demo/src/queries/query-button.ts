import { monitorQueries, type QueryReport } from '@breakwater/client';
import type { Notes } from '../data/database.ts';
import { partOf } from '../dom.ts';
import type { QueryPanel } from './query-panel.ts';

/** One panel for the page, loaded when it is first asked for. */
let loading: Promise<QueryPanel> | undefined;

/** Watches the queries of a device from the start, and shows them at the press of a button. */
export function createQueryButton(
  root: HTMLElement,
  label: string,
  database: Notes['database'],
  onError: (error: unknown) => void,
): void {
  let reports: readonly QueryReport[] = [];
  let panel: QueryPanel | undefined;

  monitorQueries(database).subscribe({
    next(next) {
      reports = next;
      panel?.draw();
    },
    error: onError,
  });
  partOf(root, 'show-queries', HTMLButtonElement).addEventListener('click', () => void open().catch(onError));

  async function open(): Promise<void> {
    loading ??= import('./query-panel.ts').then(({ createQueryPanel }) => createQueryPanel(onError));
    panel = await loading;
    panel.open(label, () => reports);
  }
}
