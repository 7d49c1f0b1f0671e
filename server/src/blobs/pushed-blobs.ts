import type { RowResult } from '@breakwater/protocol';
import type { Incoming, Refused } from '../inspect-push.ts';
import type { BlobPlace, Store } from '../store.ts';
import { blobsOf } from './read-attachments.ts';

/** What the rows of a push that were stored say of attachments, as far as it holds: who pushed them may have the bytes. */
export function pushedBlobs(
  { blobs }: Store,
  tenant: string,
  rows: readonly (Incoming | Refused)[],
  results: readonly Pick<RowResult, 'kind'>[],
): BlobPlace[] {
  return rows.flatMap((row, i) => {
    if (row.kind === 'refused' || results[i]?.kind !== 'stored') return [];
    const named = blobsOf(row.state);
    if (named.length === 0) return [];
    const held = new Set(blobs.ofRow(tenant, row.key).map(({ digest }) => digest));
    return named.filter(({ digest }) => held.has(digest)).map((blob) => ({ ...row.key, ...blob }));
  });
}
