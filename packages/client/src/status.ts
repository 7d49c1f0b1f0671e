/** What a database's connection is doing. `since`, `retryAt` and `probeAt` are milliseconds since 1970. */
export type Status = { readonly since: number } & (
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  /** No link; the next attempt comes at `retryAt`. `attempt` counts the failures in a row. */
  | { readonly state: 'offline'; readonly attempt: number; readonly retryAt: number }
  /** The breaker is open: no attempt until the probe at `probeAt`. Local reads and writes go on. */
  | { readonly state: 'halted'; readonly probeAt: number; readonly cause: string }
  /** The server did not take the token; `retry()` once there is a new one. */
  | { readonly state: 'needs-auth'; readonly reason: string }
  | { readonly state: 'paused' }
  /** Only a change of the app or the database helps; see `reason`. */
  | { readonly state: 'failed'; readonly reason: string }
  | { readonly state: 'stopped' }
);

/** The circuit breaker, which halts replication after so many failures in a row. */
export interface BreakerStatus {
  /**
   * `closed`: replication goes on, after a failure with the next attempt. `open`: there are no attempts. `half-open`: one
   * attempt, the probe, is under way or has given a link that has to last for 5 s; what becomes of it decides.
   */
  readonly state: 'closed' | 'open' | 'half-open';
  /** In a row, of the link or over it, whichever are more. A success makes it 0: a link that lasts, an acknowledgement. */
  readonly failures: number;
  /** At so many failures it opens: the option `breaker.failures`. */
  readonly threshold: number;
  /**
   * Of an open one: when the probe is made, in milliseconds since 1970. Missing where none is planned: while paused, for
   * want of a token, after the end.
   */
  readonly probeAt?: number;
}

/** Local writes that the server has not acknowledged yet. */
export interface Pending {
  readonly rows: number;
  /** Size of what is still to be sent, about: the pending fields' names and values. */
  readonly bytes: number;
}

/**
 * A local write that the server did not take. The document went back to what the server holds; what the user had written
 * is kept here, on the device, until it is written again or discarded.
 */
export interface RefusedWrite {
  readonly collection: string;
  /** Of the document. */
  readonly id: string;
  /** Writes with the same one were refused together; retry, edit and discard concern all of them. */
  readonly batch?: string;
  /**
   * `too-large`, `over-quota`, `invalid`, `forbidden`, `batch-refused`, `unknown-collection` (of a batch only), `clock-ahead`,
   * `malformed`, `purged`: the document was deleted elsewhere, so long ago that the server has forgotten it; or `revoked`: it
   * may not be read here any more.
   */
  readonly code: string;
  /** For people: what was wrong and what to do. */
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Of an `insert` the document is not on the server, or is deleted there. */
  readonly kind: 'insert' | 'change' | 'delete';
  /** The whole document as the user saw it. Of a change that is `revoked` the id and the changed fields only. */
  readonly document: { readonly [field: string]: unknown };
  /** The fields that were refused, as paths such as `address.city`. */
  readonly fields: readonly string[];
  /**
   * Makes the same change once more, to the document as it is now, and takes the write out of the inbox. What is not in the
   * inbox any more is left alone.
   *
   * @throws BatchError when RxDB does not take it, a part of its batch is in a collection that is not open, or it changes a
   * document that may not be read here; the write then stays in the inbox.
   */
  retry(): Promise<void>;
  /** As `retry`, with these fields in place of what was refused. */
  edit(change: { readonly [field: string]: unknown }): Promise<void>;
  /** Forgets what the user had written. */
  discard(): Promise<void>;
}

/** Bytes of an attachment on their way between this device and the server. */
export interface Transfer {
  readonly direction: 'up' | 'down';
  readonly collection: string;
  /** Of the document. */
  readonly id: string;
  /** Of the attachment within its document. */
  readonly name: string;
  /** The sha-256 of the bytes. */
  readonly digest: string;
  readonly type: string;
  /** Of `total`, those that are through. */
  readonly bytes: number;
  readonly total: number;
  /** Over the last three seconds; 0: nothing moves. */
  readonly bytesPerSecond: number;
  /** `queued`: others go first. `waiting`: for a link, or until the server has the bytes. */
  readonly state: 'queued' | 'moving' | 'waiting';
  /**
   * Ends a download, whose getData() then fails with an AbortError; what has come is kept, and the next one goes on from
   * there. An upload goes on: the server would only ask again.
   */
  cancel(): void;
}

/** Something went wrong outside a single row; replication goes on where it can. */
export interface SyncError {
  readonly code: string;
  readonly message: string;
  readonly collection?: string;
  /** Whatever was thrown. */
  readonly cause?: unknown;
  /** Milliseconds since 1970. */
  readonly at: number;
}
