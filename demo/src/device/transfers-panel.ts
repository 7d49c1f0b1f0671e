import type { Replication, Transfer } from '../data/database.ts';
import { fromTemplate, partOf, setText, within } from '../dom.ts';
import { formatBytes, formatCount } from '../format.ts';

/** Rows of the list; a sum says how many more there are. */
const SHOWN = 4;

/** Shows which photos are on their way, and how far. */
export function createTransfersPanel(root: HTMLElement, sync: Replication): void {
  const panel = partOf(root, 'transfers', HTMLDetailsElement);
  const list = within(panel, 'ul', HTMLUListElement);
  const summary = within(panel, '.transfers-summary', HTMLElement);

  sync.transfers$.subscribe(draw);

  function draw(transfers: readonly Transfer[]): void {
    panel.classList.toggle('is-empty', transfers.length === 0);
    if (transfers.length === 0) return list.replaceChildren();
    setText(summary, summarise(transfers));
    const shown = transfers.slice(0, SHOWN);
    while (list.children.length > shown.length) list.lastElementChild?.remove();
    for (const [at, transfer] of shown.entries()) {
      const row = list.children[at] ?? list.appendChild(fromTemplate('transfer-template', HTMLElement));
      drawRow(row, transfer);
    }
    const more = transfers.length - shown.length;
    setText(within(panel, '.transfers-more', HTMLElement), more === 0 ? '' : `and ${formatCount(more, 'more photo')}`);
  }
}

function drawRow(row: Element, { direction, bytes, total, state, bytesPerSecond }: Transfer): void {
  const progress = within(row, 'progress', HTMLProgressElement);
  progress.max = total;
  progress.value = bytes;
  const way = direction === 'up' ? '↑ to the server' : '↓ to this device';
  const pace = state === 'moving' ? ` · ${formatBytes(bytesPerSecond)}/s` : ` · ${state}`;
  setText(within(row, '.transfer-text', HTMLElement), `${way} · ${formatBytes(bytes)} of ${formatBytes(total)}${pace}`);
}

function summarise(transfers: readonly Transfer[]): string {
  const bytes = transfers.reduce((sum, transfer) => sum + transfer.bytes, 0);
  const total = transfers.reduce((sum, transfer) => sum + transfer.total, 0);
  return `${formatCount(transfers.length, 'photo')} · ${total === 0 ? 0 : Math.floor((bytes / total) * 100)} %`;
}
