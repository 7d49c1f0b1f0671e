import type { LocalRow } from '../storage/document-row.ts';

/** What has become of a document's local writes. */
export type Confirmation = 'stored' | 'refused' | 'pending';

/**
 * Is everything that `given` shows on the server, as far as the row is now? A field that was written again since counts
 * once the newer write is there.
 */
export function isStored(given: LocalRow, now: LocalRow | undefined): boolean {
  return now !== undefined && ![...given.pending].some((path) => now.pending.has(path));
}
