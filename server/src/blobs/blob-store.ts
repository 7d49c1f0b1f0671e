import type { BlobRef } from '../store.ts';

/**
 * Keeps the bytes of blobs. Tenants share none, also when they have the same ones. A digest is 64 hexadecimal digits. What
 * is not verified is never handed out.
 *
 * Every function may throw `StorageError`: the disk is full or fails. What was there before is there still.
 */
export interface BlobStore {
  /** What is there of a blob. One whose bytes are all there is finished, if that was left undone. */
  look(tenant: string, blob: BlobRef): Promise<Held>;
  /** Adds the next bytes of a blob. Resolves with `whole` when it is on the disk and has its digest. */
  append(tenant: string, blob: BlobRef, piece: Piece): Promise<Held>;
  /** Bytes of a whole blob; undefined: it is not there, or not what its digest says and set aside. */
  read(tenant: string, digest: string, range: BlobRange): Promise<BlobBytes | undefined>;
  /** Removes what is left over. Takes its time, and keeps nobody waiting. */
  sweep(tenant: string, rules: SweepRules): Promise<void>;
  /** Ends when what was begun is over. */
  close(): Promise<void>;
}

export type Held =
  /** All of it, verified and on the disk. */
  | { readonly kind: 'whole' }
  /** So many bytes from its beginning. They outlive a crash, unless the machine crashes. */
  | { readonly kind: 'part'; readonly have: number }
  /** The bytes were all there, had another digest and are gone. */
  | { readonly kind: 'wrong' };

export interface Piece {
  /** Where it begins. Unless that is where the part ends, nothing is added. */
  readonly offset: number;
  /** Must not reach beyond the blob's length. */
  readonly bytes: Uint8Array;
}

export interface BlobRange {
  readonly offset: number;
  readonly maxBytes: number;
}

export interface BlobBytes {
  /** Of the whole blob. */
  readonly length: number;
  readonly bytes: Uint8Array;
}

export interface SweepRules {
  /** In milliseconds since 1970: what was touched later is left alone. */
  readonly olderThan: number;
  /** Is a part still of use? */
  isWanted(blob: BlobRef): boolean;
  /** May this whole blob be removed? True: it is forgotten already. Nothing happens to it before the answer. */
  mayRemove(digest: string): Promise<boolean>;
  /** Something could not be removed; the sweep goes on. */
  failed(error: unknown): void;
}
