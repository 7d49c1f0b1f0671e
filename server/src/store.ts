import type { RoomStore } from './rooms/room-store.ts';

/**
 * Where the hub keeps its rows. Names (tenant, collection, id, label) are any text without U+0000; none has a meaning to
 * the store. A store is the only writer of its data.
 */
export interface Store {
  identity(): StoreIdentity;
  /**
   * Reads rows, decides, writes: one at a time for a tenant, all or nothing. `decide` gets the rows in the order of
   * `keys` and is synchronous, so that nothing changes between its reading and its writing. Each write takes the next
   * `seq` of its collection, in the order of the writes. Resolves when all of it is on the disk.
   *
   * Of more than `maxBytes` `decide` gets the first rows only, fewer than there are keys, and may write no others.
   *
   * @throws StorageError when the storage failed; nothing was written, or `outcomeUnknown` is true. Whatever `decide`
   * throws is passed on, and nothing was written.
   */
  commit<T>(tenant: string, keys: readonly RowKey[], decide: Decide<T>, options?: CommitOptions): Promise<Commit<T>>;
  /** One row as it is now. Synchronous, as `page`. */
  row(tenant: string, key: RowKey): StoredRow | undefined;
  /** The rows after a seq, in the order of seq. Synchronous: its caller may act on it before the next commit. */
  page(tenant: string, collection: string, query: PageQuery): StorePage;
  /** Rows of all tenants that are not deleted, in an order of their keys, after one of them. Synchronous, as `page`. */
  places(query: PlaceQuery): readonly RowPlace[];
  /** The highest seq that a collection has allocated; 0: none. */
  head(tenant: string, collection: string): number;
  /**
   * One small step: finds tombstones, replaces the state of each by what `shrink` makes of it and its document by `{}`.
   * Takes no seq: who reads the row from now on sees it shrunk. A row is shrunk once, until a commit writes it again.
   * Resolves with the number of rows; 0: none is left. What `shrink` throws is passed on, and nothing was written.
   */
  shrinkTombstones(query: TombstoneQuery, shrink: (state: Uint8Array) => Uint8Array): Promise<number>;
  /**
   * One small step: drops tombstones, and raises `purgedBefore` of their collections in the same transaction. Resolves
   * with the number of rows; 0: none is left.
   */
  purgeTombstones(query: TombstoneQuery): Promise<number>;
  /** The highest seq of a collection's tombstones that were dropped; 0: none was. Synchronous, as `page`. */
  purgedBefore(tenant: string, collection: string): number;
  /** What is known of blobs: which rows have them, and which are there. */
  readonly blobs: BlobIndex;
  /** What was typed and is not in a row yet, and the documents that are no rows. */
  readonly rooms: RoomStore;
  /**
   * Why the store takes no writes until it is opened again; undefined: it takes them. A full disk is no such reason: it
   * may have room again. Default: it always takes them.
   */
  fault?(): StorageError | undefined;
  /** Ends when all commits that were asked for are settled. */
  close(): Promise<void>;
}

export interface StoreIdentity {
  /** Random; made with the store, kept with it. */
  readonly serverId: string;
  /** Random; a store that was set back to an earlier state takes a new one. */
  readonly epoch: string;
}

export interface RowKey {
  readonly collection: string;
  readonly id: string;
}

export interface CommitOptions {
  /** Of the states that are loaded together. One row is loaded all the same. Default: no limit. */
  readonly maxBytes?: number;
  /** Who writes: a reference that is new is remembered with it. Default: nobody, ''. */
  readonly replica?: string;
}

/** A row as `decide` sees it. */
export interface StoredRow {
  readonly seq: number;
  readonly deleted: boolean;
  readonly state: Uint8Array;
  readonly labels: readonly string[];
}

/** A row as it shall be from now on. Its key must be among those the commit asked for, and be written once. */
export interface RowWrite extends RowKey {
  readonly deleted: boolean;
  /** The document as JSON, for people and their queries. */
  readonly doc: string;
  readonly state: Uint8Array;
  /** Who may read the row. */
  readonly labels: readonly string[];
  /**
   * The blobs that the row refers to from now on, each once. Left out: those that it referred to before. A reference that
   * it had already keeps the replica that it came with. A deleted row refers to none.
   */
  readonly blobs?: readonly BlobRef[];
}

export interface CommittedRow extends RowWrite {
  readonly seq: number;
  /** The labels that it had before this commit and has no more. Default: none. */
  readonly left?: readonly string[];
}

/** An async function does not fit: what it answers is a promise and has no writes. */
export type Decide<T> = (rows: readonly (StoredRow | undefined)[], use: BlobUse) => Decision<T>;

/** A blob as a row refers to it. */
export interface BlobRef {
  /** The sha-256 of the bytes, in 64 hexadecimal digits. */
  readonly digest: string;
  /** In bytes, as the row says. */
  readonly length: number;
}

/** What the rows of a tenant refer to, before a commit. */
export interface BlobUse {
  /** Of all blobs that any row refers to, each counted once. */
  bytes(): number;
  /** How many rows refer to the blob; of more than 2,000 rows, so many. */
  rowsWith(blob: BlobRef): number;
}

/**
 * The references of rows to blobs, kept in the commits of the rows; and which blobs are there. The bytes are elsewhere:
 * who keeps them says so. What reads is synchronous, as `page`.
 */
export interface BlobIndex {
  /** What a row refers to. With a digest: only references to that. */
  ofRow(tenant: string, key: RowKey, digest?: string): readonly BlobRow[];
  /** Rows that refer to the digest, with any length; at most so many. */
  rowsWith(tenant: string, digest: string, maxRows: number): readonly BlobRow[];
  isReferenced(tenant: string, blob: BlobRef): boolean;
  /**
   * References that came with a replica's writes, to blobs that are not there: at most `maxRefs` after a place, in the
   * order of their places.
   */
  missing(tenant: string, replica: string, query: MissingQuery): readonly BlobRow[];
  isStored(tenant: string, digest: string): boolean;
  /**
   * The bytes are there, on the disk. Unless a row refers to them they are unused from now on. A power cut may undo this,
   * and `setGone`: the files say it again.
   */
  setStored(tenant: string, digest: string): Promise<void>;
  /** The bytes are not there any more. */
  setGone(tenant: string, digest: string): Promise<void>;
  /** Forgets a stored blob that no row has referred to since before this time, in milliseconds since 1970. True: it did. */
  dropUnused(tenant: string, digest: string, unusedBefore: number): Promise<boolean>;
  /** Tenants whose rows refer to blobs, or did. */
  tenants(): readonly string[];
}

/** A reference, and the row that it is in. */
export interface BlobPlace extends RowKey, BlobRef {}

/** A reference with what is known of it. */
export interface BlobRow extends BlobPlace {
  /** Who may read the row. */
  readonly labels: readonly string[];
  /** Whose write it came with. */
  readonly replica: string;
}

export interface MissingQuery {
  /** Undefined: from the beginning. */
  readonly after: BlobPlace | undefined;
  readonly maxRefs: number;
}

export interface Decision<T> {
  readonly writes: readonly RowWrite[];
  readonly result: T;
}

export interface Commit<T> {
  readonly result: T;
  /** What was written, in the order of the writes. */
  readonly rows: readonly CommittedRow[];
}

export interface PageQuery {
  /** Only rows with a greater seq. */
  readonly after: number;
  /** Only rows with at least one of these labels. */
  readonly labels: readonly string[];
  readonly maxRows: number;
  /** Of ids and states together. A page holds at least one row all the same, if there is one. */
  readonly maxBytes: number;
}

/** Where a row is among those of all tenants. */
export interface RowPlace extends RowKey {
  readonly tenant: string;
}

export interface PlaceQuery {
  /** Undefined: from the beginning. */
  readonly after: RowPlace | undefined;
  readonly maxRows: number;
}

/** Tombstones of any tenant and collection. */
export interface TombstoneQuery {
  /** Only those that the last commit wrote before this time, in milliseconds since 1970. */
  readonly committedBefore: number;
  readonly maxRows: number;
  /** Of the states together. A step takes at least one row all the same, if there is one. */
  readonly maxBytes: number;
}

export interface StorePage {
  readonly rows: readonly PageRow[];
  /**
   * Rows that none of the labels may read, and that left one of them behind the page's beginning and up to its checkpoint.
   * In no order. None of a page from 0: before it there was nothing to be told. Default: none.
   */
  readonly revoked?: readonly Revocation[];
  /** Every row up to this seq was looked at, whether it may be read or not. */
  readonly checkpoint: number;
  /** Is there nothing after the checkpoint? A page that is not the last may be empty. */
  readonly last: boolean;
}

export interface Revocation {
  readonly id: string;
  /** With which it left the label, of several the last. */
  readonly seq: number;
}

export interface PageRow {
  readonly id: string;
  readonly seq: number;
  readonly deleted: boolean;
  readonly state: Uint8Array;
}

/** Thrown when the storage could not do its part: disk full, input/output error, closed. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  /** May the write be on the disk although it failed? The store takes no further writes until it is opened again. */
  readonly outcomeUnknown: boolean;

  constructor(message: string, options: { cause?: unknown; outcomeUnknown?: boolean } = {}) {
    super(message, { cause: options.cause });
    this.outcomeUnknown = options.outcomeUnknown ?? false;
  }
}
