import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { BlobRef } from '../store.ts';

/** Where a tenant's blobs lie, in folders by the first two digits of their digests. */
export interface BlobFolder {
  readonly path: string;
  folderOf(digest: string): string;
  wholePath(digest: string): string;
  partPath(blob: BlobRef): string;
  /** Where a file goes that is not what its digest says, for people to look at. */
  asidePath(digest: string): string;
}

export type BlobFile =
  | { readonly kind: 'whole'; readonly digest: string }
  | { readonly kind: 'part'; readonly blob: BlobRef }
  | { readonly kind: 'aside'; readonly digest: string };

/**
 * A tenant may be any text. What is readable of it is for people; the hash keeps tenants apart, also on disks to which
 * `A` and `a` are the same.
 */
export function blobFolder(root: string, tenant: string): BlobFolder {
  const readable = tenant.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  const hash = createHash('sha256').update(tenant).digest('hex');
  const path = join(root, `${readable.slice(0, 32)}-${hash.slice(0, 32)}`);
  const folderOf = (digest: string) => join(path, digest.slice(0, 2));
  return {
    path,
    folderOf,
    wholePath: (digest) => join(folderOf(digest), digest),
    partPath: ({ digest, length }) => join(folderOf(digest), `${digest}-${length}.part`),
    asidePath: (digest) => join(folderOf(digest), `${digest}.wrong`),
  };
}

const FILE_NAME = /^([0-9a-f]{64})(?:-(\d{1,15})(\.part)|(\.wrong))?$/;

/** Undefined: the file is none of ours. */
export function readFileName(name: string): BlobFile | undefined {
  const [, digest, length, part, wrong] = FILE_NAME.exec(name) ?? [];
  if (digest === undefined) return undefined;
  if (part !== undefined) return { kind: 'part', blob: { digest, length: Number(length) } };
  return { kind: wrong === undefined ? 'whole' : 'aside', digest };
}
