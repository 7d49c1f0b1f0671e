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

/** Local writes that the server has not acknowledged yet. */
export interface Pending {
  readonly rows: number;
  /** Size of what is still to be sent, about: the pending fields' names and values. */
  readonly bytes: number;
}

/**
 * A local write that the server will not take. It stays on the device and is offered again in the next session, and
 * whenever the document changes.
 */
export interface RefusedRow {
  readonly collection: string;
  readonly id: string;
  /** `unknown-collection`, `too-large`, `malformed`, … */
  readonly code: string;
  /** For people: what was wrong and what to do. */
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly at: number;
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
