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
export { type PutImageOptions, putImage } from './images/put-image.ts';
export { type ImageUrl, type ImageUrlOptions, imageUrl } from './images/image-url.ts';
export { ImageError } from './images/image-error.ts';
export { type StorageUsage, storageUsage } from './blobs/device-storage.ts';
export type { AttachmentDataOptions } from './blobs/attachments.ts';
export type { Prefetched } from './blobs/prefetch.ts';
export {
  AttachmentMissingError,
  BatchError,
  ConfirmTimeoutError,
  ReplicationEndedError,
  StorageFullError,
  UnsentWritesError,
} from './errors.ts';
export type { BreakerStatus, Pending, RefusedWrite, Status, SyncError, Transfer } from './status.ts';
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

export { explain, type QueryExplanation } from './queries/explain.ts';
export { type MonitorOptions, monitorQueries, type QueryReport } from './queries/monitor-queries.ts';
export { type Page, type Pages, type PaginateOptions, paginate } from './queries/paginate.ts';
export {
  type BulkFailure,
  type BulkOptions,
  type BulkProgress,
  type BulkReport,
  type BulkRows,
  insertMany,
  removeMany,
  upsertMany,
} from './queries/bulk.ts';
export { warnOfScans } from './queries/warn-of-scans.ts';
export type { IndexAdvice } from './queries/advise.ts';
export type { Durations } from './queries/durations.ts';
export type { Reads } from './queries/read-plan.ts';

export { type InspectedRow, inspectRows } from './inspect.ts';
export type { Stamp, State } from '@breakwater/crdt';
export { type Scheduler, systemScheduler } from './scheduler.ts';
