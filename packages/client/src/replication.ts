import type { RxAttachment, RxCollection, RxDocument, RxQuery } from 'rxdb';
import type { Observable } from 'rxjs';
import type { AttachmentDataOptions } from './blobs/attachments.ts';
import type { Prefetched } from './blobs/prefetch.ts';
import type { BackoffOptions } from './connection/backoff.ts';
import type { BreakerOptions } from './connection/breaker.ts';
import type { WebSocketLike } from './connection/web-socket-like.ts';
import type { DocumentToOpen, LiveDocument } from './live/live-document.ts';
import type { Scheduler } from './scheduler.ts';
import type { BreakerStatus, Pending, RefusedWrite, Status, SyncError, Transfer } from './status.ts';

export interface ReplicateOptions {
  /** Of the server's websocket: `wss://host/sync`. */
  readonly url: string;
  /** Asked at each attempt, once the socket is open; part of the attempt's 10 s. Default: an empty token. */
  readonly token?: () => string | Promise<string>;
  /** Opens a socket. Default: the platform's WebSocket. */
  readonly webSocket?: (url: string) => WebSocketLike;
  readonly breaker?: Partial<BreakerOptions>;
  readonly backoff?: Partial<BackoffOptions>;
  /**
   * Ask the platform, once an attachment is written, to remove nothing by itself when the device runs out of room? Browsers
   * may ask the user. Default: true.
   */
  readonly persist?: boolean;
  /** Time; default: the system's. For tests. */
  readonly scheduler?: Scheduler;
  /** A random number in [0, 1); default: Math.random. For tests. */
  readonly random?: () => number;
}

/** The replication of one database. Observables of state emit the current value at once. */
export interface Replication {
  readonly status: Status;
  readonly status$: Observable<Status>;
  /** The circuit breaker, the same in every tab. It changes with every failure and every success, more often than `status`. */
  readonly breaker: BreakerStatus;
  readonly breaker$: Observable<BreakerStatus>;
  readonly pending: Pending;
  readonly pending$: Observable<Pending>;
  /** The inbox: local writes that the server did not take, oldest first. It outlives the app's runs. */
  readonly refused: readonly RefusedWrite[];
  readonly refused$: Observable<readonly RefusedWrite[]>;
  readonly errors$: Observable<SyncError>;
  /** The last 100 statuses that this tab has seen, oldest first; `since` says when each began. */
  readonly history: readonly Status[];
  /** When everything was last in step, in milliseconds since 1970, also in an earlier run; undefined: never. */
  readonly lastSyncedAt$: Observable<number | undefined>;
  /** How long the server takes to answer, in milliseconds, measured on connecting and every 20 s; undefined: no link. */
  readonly latencyMs$: Observable<number | undefined>;
  /** The bytes of attachments on their way, the same in every tab. */
  readonly transfers$: Observable<readonly Transfer[]>;
  /**
   * The bytes of an attachment: those that are here, or fetched, as its own getData() does.
   *
   * @throws AttachmentMissingError when they are not here and cannot be had now. With `wait` it waits for a link, and for
   * the server to have them.
   * @throws ReplicationEndedError when replication ends first; what aborted the signal.
   */
  attachmentData<D>(attachment: RxAttachment<D>, options?: AttachmentDataOptions): Promise<Blob>;
  /**
   * Fetches the bytes that are not here: of everything, of a collection, or of what a query finds. A few at once. Those that
   * cannot be had now are counted as missing; with `wait` they are waited for.
   *
   * @throws StorageFullError when the device has no room for more; ReplicationEndedError; what aborted the signal.
   */
  prefetch<D>(of?: RxCollection<D> | RxQuery<D, unknown>, options?: AttachmentDataOptions): Promise<Prefetched>;
  /** Resolves once everything that the server had was ever here; rejects when replication has ended or failed. */
  awaitInitialReplication(): Promise<void>;
  /**
   * Resolves once the link is live, everything is here and nothing is pending, but in collections that the server does not
   * have; rejects when replication has ended or failed.
   */
  awaitInSync(): Promise<void>;
  /**
   * 'stored': everything that the document shows is on the server's disk. 'refused': the server did not take it; see
   * `refused`.
   *
   * @throws ConfirmTimeoutError when neither is known after `timeoutMs` (default: 30,000); the write stays pending.
   * @throws ReplicationEndedError when replication ends first.
   */
  confirm<D>(document: RxDocument<D>, options?: { readonly timeoutMs?: number }): Promise<'stored' | 'refused'>;
  /**
   * Opens a document for typing together: its texts as Y.Text, to which editors of the Yjs family bind. It opens without a
   * network, too. Opened several times in a tab it is the same one.
   *
   * @throws Error when the document is not there, or its collection is not replicated or has no field that merges as text.
   * @throws ReplicationEndedError when replication has ended.
   */
  open<D>(document: DocumentToOpen<D>): Promise<LiveDocument<D>>;
  /** Gives up the link until start(). */
  pause(): void;
  start(): void;
  /** Tries at once when offline, halted, failed or waiting for a token. */
  retry(): void;
  /**
   * The changes that another user left unsent shall go up under the user who is signed in now. For a replication that has
   * failed for this reason; it tries again at once.
   */
  adopt(): void;
  /** Ends replication for good. Local writes stay pending for the next one. */
  cancel(): Promise<void>;
  /**
   * Ends replication. With `wipe` the database is closed and everything of it is removed from the device.
   *
   * @throws UnsentWritesError when there are changes that the server does not have, which a wipe would destroy; nothing has
   * happened then. `discardUnsent` destroys them.
   */
  signOut(options?: { readonly wipe?: boolean; readonly discardUnsent?: boolean }): Promise<void>;
}
