import type { RefusedWrite, Replication } from './database.ts';
import { byId, setText } from './dom.ts';
import { formatCount } from './format.ts';

/** Shows the oldest change that the server did not take, and lets the visitor decide what becomes of it. */
export function createRefusedPanel(sync: Replication, onError: (error: unknown) => void): void {
  const panel = byId('refused', HTMLElement);

  sync.refused$.subscribe(draw);
  decides('refused-retry', (write) => write.retry());
  decides('refused-discard', (write) => write.discard());

  function draw(writes: readonly RefusedWrite[]): void {
    const [first] = writes;
    panel.hidden = first === undefined;
    if (first === undefined) return;
    const title = String(first.document.title ?? first.id);
    setText(
      byId('refused-text', HTMLElement),
      `${formatCount(writes.length, 'change')} refused. “${title}”: ${first.reason}`,
    );
  }

  function decides(buttonId: string, decide: (write: RefusedWrite) => Promise<void>): void {
    byId(buttonId, HTMLButtonElement).addEventListener('click', () => {
      const [first] = sync.refused;
      if (first !== undefined) decide(first).catch(onError);
    });
  }
}
