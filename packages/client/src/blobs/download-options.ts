import type { Scheduler } from '../scheduler.ts';
import type { SyncError } from '../status.ts';
import type { AttachmentBytes } from '../storage/attachment-bytes.ts';
import type { Link } from './link.ts';
import type { Transfers } from './transfers.ts';

export interface DownloadsOptions {
  readonly bytesOf: (collection: string) => AttachmentBytes | undefined;
  /** The sha-256 in hexadecimal digits. */
  readonly hash: (data: Blob) => Promise<string>;
  readonly link: Link;
  readonly transfers: Transfers;
  readonly scheduler: Scheduler;
  readonly onError: (error: Omit<SyncError, 'at'>) => void;
}

export interface FetchOptions {
  /** Wait for a link, and until the server has the bytes? Otherwise what cannot be had now is an error. */
  readonly wait: boolean;
  readonly signal?: AbortSignal | undefined;
}
