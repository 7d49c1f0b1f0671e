import type { RefusedWrite, Replication } from '../data/database.ts';
import { partOf, setText } from '../dom.ts';
import { formatCount } from '../format.ts';

/** Shows the oldest change that the server did not take, and lets the visitor decide what becomes of it. */
export function createRefusedPanel(root: HTMLElement, sync: Replication, onError: (error: unknown) => void): void {
  const panel = partOf(root, 'refused', HTMLElement);

  sync.refused$.subscribe(draw);
  decides('refused-retry', (write) => write.retry());
  decides('refused-discard', (write) => write.discard());

  function draw(writes: readonly RefusedWrite[]): void {
    const [first] = writes;
    panel.hidden = first === undefined;
    if (first === undefined) return;
    const title = String(first.document.title ?? first.id);
    const text = `${formatCount(writes.length, 'change')} refused. “${title}”: ${first.reason}`;
    setText(partOf(root, 'refused-text', HTMLElement), text);
  }

  function decides(button: string, decide: (write: RefusedWrite) => Promise<void>): void {
    partOf(root, button, HTMLButtonElement).addEventListener('click', () => {
      const [first] = sync.refused;
      if (first !== undefined) decide(first).catch(onError);
    });
  }
}
