/*
 * The parts of replication, for this repository's own tests and tools. They may change in any release; an app imports
 * the package itself.
 */
export { DEFAULT_BACKOFF } from './connection/backoff.ts';
export { DEFAULT_BREAKER } from './connection/breaker.ts';
export { type Connection, createConnection } from './connection/connection.ts';
export { createSession, type Request, type Session, type SessionRunner } from './connection/session.ts';
export type { SyncError } from './status.ts';
export { type LocalRow, type RemoteRow, toLocalRow } from './storage/document-row.ts';
export type { Instance } from './storage/instance.ts';
export {
  type AcknowledgedRow,
  createLocalRows,
  type LocalRows,
  type PendingChange,
} from './storage/local-rows.ts';
export type { StoredDocument } from './storage/row-meta.ts';
export { withBreakwater } from './storage/with-breakwater.ts';
export { bind } from './sync/binding.ts';
export { type CollectionSync, createCollectionSync } from './sync/collection-sync.ts';
export type { CollectionRecord, DatabaseRecord, RecordKeeper } from './sync/record.ts';
