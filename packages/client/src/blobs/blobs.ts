import type { WantedBlob } from '@breakwater/protocol';
import type { BlobNews, Session } from '../connection/session.ts';
import type { Scheduler } from '../scheduler.ts';
import type { Status, SyncError } from '../status.ts';
import type { AttachmentBytes } from '../storage/attachment-bytes.ts';
import { createDownloads, type Downloads } from './downloads.ts';
import { createLink } from './link.ts';
import { createTransfers, type TransferState } from './transfers.ts';
import { createUploads } from './uploads.ts';

export interface BlobsOptions {
  readonly bytesOf: (collection: string) => AttachmentBytes | undefined;
  /** The sha-256 in hexadecimal digits. */
  readonly hash: (data: Blob) => Promise<string>;
  readonly scheduler: Scheduler;
  readonly onTransfers: (states: readonly TransferState[]) => void;
  readonly onError: (error: Omit<SyncError, 'at'>) => void;
}

/** The bytes of attachments, beside the rows: up when the server asks, down when the app does. */
export interface Blobs {
  readonly fetch: Downloads['fetch'];
  readonly transfers: readonly TransferState[];
  cancelTransfer(key: number): void;
  /** The session may be used from now on. */
  begin(session: Session): void;
  receive(session: Session, news: BlobNews): void;
  noteState(state: Status['state']): void;
  stop(): Promise<void>;
}

export function createBlobs({ onTransfers, ...options }: BlobsOptions): Blobs {
  const link = createLink(options.scheduler);
  const transfers = createTransfers(options.scheduler, onTransfers);
  const uploads = createUploads({ ...options, transfers });
  const downloads = createDownloads({ ...options, transfers, link });
  /** What was asked for before it was known whether this database belongs to that server, tenant and user. */
  const wantedBySession = new WeakMap<Session, WantedBlob[] | 'begun'>();

  return {
    fetch: downloads.fetch,
    get transfers() {
      return transfers.states;
    },
    cancelTransfer: transfers.cancel,
    begin(session) {
      const wanted = wantedBySession.get(session);
      wantedBySession.set(session, 'begun');
      if (wanted !== undefined && wanted !== 'begun') void uploads.send(session, wanted);
      link.begin(session);
    },
    receive(session, news) {
      if (news.type === 'blob-here') return downloads.onHere(news.digests);
      const wanted = wantedBySession.get(session) ?? [];
      if (wanted === 'begun') void uploads.send(session, news.blobs);
      else wantedBySession.set(session, [...wanted, ...news.blobs]);
    },
    noteState: link.note,
    stop: downloads.stop,
  };
}
