export {
  type Collections,
  DefinitionError,
  type DocumentOf,
  defineCollections,
  type MergeKind,
} from '@breakwater/crdt';
export { type CollectionsOf, type CreateDatabaseOptions, createDatabase } from './create-database.ts';
export { type BreakwaterStorageOptions, withBreakwater } from './storage/with-breakwater.ts';

export { replicate } from './replicate.ts';
export type { ReplicateOptions, Replication } from './replication.ts';
export { type BatchCollection, type BatchOf, batch, type ChangeOf } from './batch.ts';
export { BatchError, ConfirmTimeoutError, ReplicationEndedError, UnsentWritesError } from './errors.ts';
export type { Pending, RefusedWrite, Status, SyncError } from './status.ts';
export type {
  DocumentToOpen,
  LiveDocument,
  LiveEnd,
  LiveEndReason,
  LiveStatus,
  TextFieldOf,
} from './live/live-document.ts';
export { userColors } from './live/user-colors.ts';
export type { BackoffOptions } from './connection/backoff.ts';
export type { BreakerOptions } from './connection/breaker.ts';
export type { WebSocketLike } from './connection/web-socket-like.ts';

export { type InspectedRow, inspectRows } from './inspect.ts';
export type { Stamp, State } from '@breakwater/crdt';
export { type Scheduler, systemScheduler } from './scheduler.ts';
