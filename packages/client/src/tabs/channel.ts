import type { AttachmentRef } from '../blobs/attachment-ref.ts';
import type { TransferState } from '../blobs/transfers.ts';
import type { Command, Snapshot } from '../engine.ts';
import type { RoomTabMessage } from '../live/tab-rooms.ts';
import type { SyncError } from '../status.ts';
import type { Confirmation, Question } from '../sync/confirmation.ts';

/** What the tabs of one database tell each other. The one that replicates leads, the others watch. */
export type TabMessage =
  /** From a tab that leads from now on. */
  | { readonly type: 'leads' }
  /** From a tab that has begun to watch. */
  | { readonly type: 'watches' }
  /** From the leader. `heardByTab`: how many of each tab's `wrote` it has taken in. */
  | {
      readonly type: 'snapshot';
      readonly snapshot: Snapshot;
      readonly heardByTab: { readonly [tab: string]: number };
    }
  | { readonly type: 'error'; readonly error: SyncError }
  /** From a tab that watches: the user has written there, for the `count`-th time. */
  | {
      readonly type: 'wrote';
      readonly tab: string;
      readonly count: number;
      readonly collection: string;
      readonly ids: readonly string[];
      /** The latest time stamped there. */
      readonly clockMs: number;
    }
  | { readonly type: 'command'; readonly command: Command }
  | { readonly type: 'ask'; readonly tab: string; readonly number: number; readonly question: Question }
  | { readonly type: 'answer'; readonly tab: string; readonly number: number; readonly confirmation: Confirmation }
  /** From a tab that watches: the bytes of an attachment are to come to the device. */
  | {
      readonly type: 'fetch';
      readonly tab: string;
      readonly number: number;
      readonly ref: AttachmentRef;
      readonly wait: boolean;
    }
  | { readonly type: 'fetched'; readonly tab: string; readonly number: number; readonly fetched: Fetched }
  /** They are not waited for any more. */
  | { readonly type: 'unfetch'; readonly tab: string; readonly number: number }
  /** From the leader: what is on its way now. */
  | { readonly type: 'transfers'; readonly transfers: readonly TransferState[] }
  | { readonly type: 'cancel-transfer'; readonly key: number }
  | { readonly type: 'room'; readonly message: RoomTabMessage }
  /** The database is being removed from the device. */
  | { readonly type: 'wiped' };

/** What came of a fetch. Errors lose their class between tabs. */
export type Fetched =
  | { readonly kind: 'here'; readonly data: Blob }
  | { readonly kind: 'missing'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string };

export interface TabChannel {
  post(message: TabMessage): void;
  onMessage: (message: TabMessage) => void;
  close(): void;
}

/** All tabs of this origin that have the database open; undefined where tabs cannot talk to each other. */
export function openTabChannel(name: string): TabChannel | undefined {
  if (typeof BroadcastChannel === 'undefined') return undefined;
  const broadcast = new BroadcastChannel(`breakwater ${name}`);
  // In Node an open channel would keep the process alive.
  if ('unref' in broadcast && typeof broadcast.unref === 'function') broadcast.unref();
  let isClosed = false;
  const channel: TabChannel = {
    post(message) {
      if (!isClosed) broadcast.postMessage(message);
    },
    onMessage: () => {},
    close() {
      isClosed = true;
      broadcast.close();
    },
  };
  broadcast.onmessage = (event: { readonly data: unknown }) => {
    if (!isClosed) channel.onMessage(event.data as TabMessage);
  };
  return channel;
}
