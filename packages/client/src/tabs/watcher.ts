import type { AttachmentRef } from '../blobs/attachment-ref.ts';
import type { FetchOptions } from '../blobs/download-options.ts';
import type { TransferState } from '../blobs/transfers.ts';
import type { Command, Snapshot } from '../engine.ts';
import type { SyncError } from '../status.ts';
import type { Confirmation, Question } from '../sync/confirmation.ts';
import type { Fetched, TabChannel, TabMessage } from './channel.ts';

/** A tab's view of the replication in another tab. */
export interface Watcher {
  receive(message: TabMessage): void;
  /** Has the leader taken in everything that was written here? */
  readonly isHeard: boolean;
  wrote(collection: string, ids: readonly string[], clockMs: number): void;
  /** Makes `isHeard` false until a snapshot has come that is later than this call. */
  askForNews(): void;
  command(command: Command): void;
  /** `pending` when the leader goes before it has answered: the next one is to be asked again. */
  confirm(question: Question): Promise<Confirmation>;
  /** Undefined when the leader goes before it has answered: the next one is to be asked again. */
  fetch(ref: AttachmentRef, options: FetchOptions): Promise<Fetched | undefined>;
  cancelTransfer(key: number): void;
  stop(): void;
}

export interface WatcherOptions {
  readonly channel: TabChannel;
  /** Names this tab among the others; random. */
  readonly tab: string;
  readonly onSnapshot: (snapshot: Snapshot) => void;
  readonly onTransfers: (states: readonly TransferState[]) => void;
  readonly onError: (error: SyncError) => void;
}

type Wrote = Extract<TabMessage, { readonly type: 'wrote' }>;

export function watchLeader({ channel, tab, onSnapshot, onTransfers, onError }: WatcherOptions): Watcher {
  const askedByNumber = new Map<number, (confirmation: Confirmation) => void>();
  const fetchedByNumber = new Map<number, (fetched: Fetched | undefined) => void>();
  let lastNumber = 0;
  let count = 0;
  /** What no leader has taken in yet. */
  let unheard: Wrote[] = [];

  function onLeader(): void {
    // The one before may have been gone when it was said.
    for (const message of unheard) channel.post(message);
    channel.post({ type: 'watches' });
    giveUp();
  }

  function say(collection: string, ids: readonly string[], clockMs: number): void {
    const message: Wrote = { type: 'wrote', tab, count: ++count, collection, ids, clockMs };
    unheard.push(message);
    channel.post(message);
  }

  function onHeard(heard: number): void {
    unheard = unheard.filter((message) => message.count > heard);
  }

  function giveUp(): void {
    for (const answer of askedByNumber.values()) answer('pending');
    askedByNumber.clear();
    for (const answer of fetchedByNumber.values()) answer(undefined);
    fetchedByNumber.clear();
  }

  channel.post({ type: 'watches' });

  return {
    get isHeard() {
      return unheard.length === 0;
    },
    receive(message) {
      switch (message.type) {
        case 'leads':
          return onLeader();
        case 'snapshot':
          onHeard(message.heardByTab[tab] ?? 0);
          return onSnapshot(message.snapshot);
        case 'error':
          return onError(message.error);
        case 'answer':
          if (message.tab === tab) askedByNumber.get(message.number)?.(message.confirmation);
          return;
        case 'fetched':
          if (message.tab === tab) fetchedByNumber.get(message.number)?.(message.fetched);
          return;
        case 'transfers':
          return onTransfers(message.transfers);
        case 'fetch':
        case 'unfetch':
        case 'cancel-transfer':
        case 'watches':
        case 'wrote':
        case 'command':
        case 'ask':
        case 'room':
        case 'wiped':
          return;
      }
    },
    wrote: say,
    askForNews: () => say('', [], 0),
    command: (command) => channel.post({ type: 'command', command }),
    confirm(question) {
      const number = ++lastNumber;
      return new Promise((resolve) => {
        askedByNumber.set(number, (confirmation) => {
          askedByNumber.delete(number);
          resolve(confirmation);
        });
        channel.post({ type: 'ask', tab, number, question });
      });
    },
    fetch(ref, { wait, signal }) {
      const number = ++lastNumber;
      return new Promise((resolve, reject) => {
        const onAbort = () => {
          fetchedByNumber.delete(number);
          channel.post({ type: 'unfetch', tab, number });
          reject(signal?.reason);
        };
        fetchedByNumber.set(number, (fetched) => {
          fetchedByNumber.delete(number);
          signal?.removeEventListener('abort', onAbort);
          resolve(fetched);
        });
        signal?.addEventListener('abort', onAbort, { once: true });
        channel.post({ type: 'fetch', tab, number, ref, wait });
      });
    },
    cancelTransfer: (key) => channel.post({ type: 'cancel-transfer', key }),
    stop: giveUp,
  };
}
