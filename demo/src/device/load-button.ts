import type { BulkProgress } from '@breakwater/client';
import type { Notes } from '../data/database.ts';
import type { NoteWriter } from '../data/note-writer.ts';
import { type Loaded, loadPlaces } from '../data/places.ts';
import { partOf, setText } from '../dom.ts';
import { formatNumber } from '../format.ts';
import type { Toast } from '../page/toast.ts';

/** The button that fills the list with real places, and its progress. */
export function createLoadButton(root: HTMLElement, notes: Notes, writer: NoteWriter, toast: Toast): void {
  const button = partOf(root, 'load-places', HTMLButtonElement);
  const bar = partOf(root, 'load-progress', HTMLProgressElement);
  const label = button.textContent;

  button.addEventListener('click', () => void load());

  async function load(): Promise<void> {
    button.disabled = true;
    bar.hidden = false;
    bar.removeAttribute('value');
    try {
      toast.show(describeResult(await loadPlaces(notes, writer, showProgress)));
    } catch (error) {
      toast.show(error instanceof Error ? error.message : String(error));
    } finally {
      button.disabled = false;
      bar.hidden = true;
      setText(button, label);
    }
  }

  function showProgress({ done, total = done }: BulkProgress): void {
    bar.max = total;
    bar.value = done;
    setText(button, `${formatNumber(done)} of ${formatNumber(total)}`);
  }
}

function describeResult({ added, total }: Loaded): string {
  if (added === 0) return `All ${formatNumber(total)} places are already here.`;
  if (added < total) return `${formatNumber(added)} places added, ${formatNumber(total - added)} were already here.`;
  return `${formatNumber(total)} places added.`;
}
