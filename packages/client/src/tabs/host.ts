import type { Engine } from '../engine.ts';
import type { SyncError } from '../status.ts';
import type { TabChannel, TabMessage } from './channel.ts';
import { hostFetches } from './host-fetches.ts';

/** Shows the other tabs what this one replicates, and does what they ask for. */
export interface Host {
  receive(message: TabMessage): void;
  /** Something of the snapshot has changed. */
  publish(): void;
  tell(error: SyncError): void;
  /** What is on its way has changed. */
  showTransfers(): void;
  /** Says nothing more: the next leader will. */
  stop(): void;
}

export function hostTabs(engine: Engine, channel: TabChannel): Host {
  const heardByTab: { [tab: string]: number } = {};
  let isPublishing = false;
  let isStopped = false;
  let hearing = Promise.resolve();

  function publish(): void {
    if (isPublishing || isStopped) return;
    isPublishing = true;
    // Once for everything that changes in one turn.
    queueMicrotask(() => {
      isPublishing = false;
      if (!isStopped) channel.post({ type: 'snapshot', snapshot: engine.snapshot, heardByTab: { ...heardByTab } });
    });
  }

  async function hear({ tab, count, collection, ids, clockMs }: Extract<TabMessage, { type: 'wrote' }>): Promise<void> {
    if (ids.length > 0) await engine.noteWritten({ collection, ids, clockMs });
    heardByTab[tab] = Math.max(count, heardByTab[tab] ?? 0);
    publish();
  }

  async function answer({ tab, number, question }: Extract<TabMessage, { type: 'ask' }>): Promise<void> {
    const confirmation = await engine.confirm(question);
    if (!isStopped) channel.post({ type: 'answer', tab, number, confirmation });
  }

  const fetches = hostFetches(engine, channel);

  function showTransfers(): void {
    if (!isStopped) channel.post({ type: 'transfers', transfers: engine.transfers });
  }

  channel.post({ type: 'leads' });
  publish();

  return {
    receive(message) {
      switch (message.type) {
        case 'watches':
          showTransfers();
          return publish();
        case 'wrote':
          // One after another: the count says that everything before was heard, too. What cannot be read now is found by
          // the next scan; the tab goes on waiting until a later write was heard.
          hearing = hearing.then(() => hear(message)).catch(() => {});
          return;
        case 'command':
          return engine.command(message.command);
        case 'ask':
          return void answer(message).catch(() => {});
        case 'fetch':
          return void fetches.start(message);
        case 'unfetch':
          return fetches.end(message);
        case 'cancel-transfer':
          return engine.cancelTransfer(message.key);
        case 'leads':
        case 'snapshot':
        case 'error':
        case 'answer':
        case 'fetched':
        case 'transfers':
        case 'room':
        case 'wiped':
          return;
      }
    },
    publish,
    showTransfers,
    tell({ cause: _notForOtherTabs, ...error }) {
      if (!isStopped) channel.post({ type: 'error', error });
    },
    stop() {
      isStopped = true;
      fetches.stop();
    },
  };
}
