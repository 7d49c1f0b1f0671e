import { join } from 'node:path';
import type { Store } from '../store.ts';
import type { BlobStore } from './blob-store.ts';
import { openFileBlobStore } from './file-blob-store.ts';
import { DEFAULT_KEEP_UNUSED_HOURS, requireKeepUnusedHours } from './sweep-blobs.ts';

export interface BlobOptions {
  /**
   * Default: files below `blobs` in `dataDir`. A server with a `store` of its own and no `dataDir` keeps no bytes: its
   * clients keep those of their attachments. The server closes it.
   */
  readonly store?: BlobStore;
  /**
   * Bytes of all attachments of a tenant, those that are alike counted once. A row that would make them more is refused
   * with `over-quota`. Default: no limit.
   */
  readonly maxTenantBytes?: number;
  /** Hours for which bytes are kept that no row refers to any more. From 1; Infinity: for good. Default: 24. */
  readonly keepUnusedHours?: number;
}

/** Of the data directory. */
export const BLOBS_FOLDER = 'blobs';

export interface CompleteBlobOptions {
  readonly blobs: BlobStore | undefined;
  readonly maxTenantBytes: number;
  readonly keepUnusedHours: number;
}

/** @throws RangeError when a number makes no sense. */
export function completeBlobOptions(options: {
  readonly blobs?: BlobOptions;
  readonly store?: Store;
  readonly dataDir?: string;
}): CompleteBlobOptions {
  const { maxTenantBytes = Number.POSITIVE_INFINITY, keepUnusedHours = DEFAULT_KEEP_UNUSED_HOURS } =
    options.blobs ?? {};
  if (!(typeof maxTenantBytes === 'number' && maxTenantBytes >= 0)) {
    throw new RangeError(`blobs.maxTenantBytes is ${maxTenantBytes}; it is a number of bytes from 0`);
  }
  const dataDir = options.dataDir ?? (options.store === undefined ? './data' : undefined);
  const files = dataDir === undefined ? undefined : openFileBlobStore(join(dataDir, BLOBS_FOLDER));
  const blobs = options.blobs?.store ?? files;
  return { blobs, maxTenantBytes, keepUnusedHours: requireKeepUnusedHours(keepUnusedHours) };
}
