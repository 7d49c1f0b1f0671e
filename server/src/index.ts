export { DefinitionError } from '@breakwater/crdt';
export type { Authorize, Permission, ProposedWrite } from './authorize.ts';
export type { BlobOptions } from './blobs/blob-options.ts';
export type { BlobBytes, BlobRange, BlobStore, Held, Piece, SweepRules } from './blobs/blob-store.ts';
export { openFileBlobStore } from './blobs/file-blob-store.ts';
export type { CollectionNames } from './collection-names.ts';
export type { ConnectionOptions } from './connection-caps.ts';
export { DataDirectoryError, DataDirectoryLockedError } from './data-directory.ts';
export type { CommitInfo, CommittedDocument, ServerHooks, SessionInfo } from './hooks.ts';
export { type Authenticate, AuthenticationError, type Identity } from './identity.ts';
export type { Labels, LabelsOf } from './labels.ts';
export { DEFAULT_LIMITS, type Limits } from './limits.ts';
export { LOG_LEVELS, type Log, type LogFields, type LogLevel } from './log.ts';
export type { ListenAddress, ListenOptions } from './listen.ts';
export type { MetricsOptions } from './metrics-listener.ts';
export { type BreakwaterServer, createServer } from './server.ts';
export type { ServerOptions } from './server-options.ts';
export { type ServerCollection, WriteRefusedError } from './server-collection.ts';
export { ServerOptionsError } from './server-options-error.ts';
export type { JwtOptions } from './token-authentication.ts';
export type { KeyOptions, PublicKey } from './token-keys.ts';
export { openSqliteStore, type SqliteStoreOptions } from './sqlite-store.ts';
export {
  type BlobIndex,
  type BlobPlace,
  type BlobRef,
  type BlobRow,
  type BlobUse,
  type Commit,
  type CommitOptions,
  type CommittedRow,
  type Decide,
  type Decision,
  type MissingQuery,
  type PageQuery,
  type PageRow,
  type Revocation,
  type PlaceQuery,
  type RowKey,
  type RowPlace,
  type RowWrite,
  StorageError,
  type Store,
  type StoredRow,
  type StoreIdentity,
  type StorePage,
  type TombstoneQuery,
} from './store.ts';
export type { AuthorizeRoom, RoomEntry, RoomPermission } from './rooms/room-permission.ts';
export type { FoldedRoom, RoomKey, RoomStore, StoredRoom, UnfoldedRoom } from './rooms/room-store.ts';
export type { TombstoneOptions } from './tombstones.ts';
