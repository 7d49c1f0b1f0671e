/*
 * The parts of replication, for this repository's own tests and tools. They may change in any release; an app imports
 * the package itself.
 */
export { DEFAULT_BACKOFF } from './connection/backoff.ts';
export { DEFAULT_BREAKER } from './connection/breaker.ts';
export { type Connection, createConnection } from './connection/connection.ts';
export { RequestError } from './connection/errors.ts';
export { createSession, type Request, type Session, type SessionRunner } from './connection/session.ts';
export { BatchError } from './errors.ts';
export { toRefusedWrites } from './refused-writes.ts';
export type { RefusedWrite, SyncError } from './status.ts';
export {
  ACK_CONTEXT,
  batchOf,
  isOwnContext,
  MERGE_CONTEXT,
  REPLACE_CONTEXT,
  UNDO_CONTEXT,
} from './storage/contexts.ts';
export { type LocalRow, plainFields, type RemoteRow, toLocalRow } from './storage/document-row.ts';
export type { Instance } from './storage/instance.ts';
export {
  type AcknowledgedRow,
  createLocalRows,
  type LocalRows,
  type PendingChange,
} from './storage/local-rows.ts';
export { rowMetaOf, type StoredDocument } from './storage/row-meta.ts';
export { requireCaptured, withBreakwater } from './storage/with-breakwater.ts';
export { createBatchUp } from './sync/batch-up.ts';
export { bind } from './sync/binding.ts';
export { type CollectionSync, createCollectionSync } from './sync/collection-sync.ts';
export { type Inbox, openInbox, type RefusedRecord } from './sync/inbox.ts';
export {
  type Journal,
  listJournals,
  readJournal,
  refuseJournal,
  removeJournal,
  watchJournals,
} from './sync/journal.ts';
export {
  type CollectionRecord,
  type DatabaseRecord,
  openCollectionRecord,
  openDatabaseRecord,
  type RecordKeeper,
} from './sync/record.ts';
export { undoAbandoned } from './sync/undo-batch.ts';
export { ClockJumpError } from './sync/up.ts';
export { type DocumentWrite, writeBatch } from './sync/write-batch.ts';
