import { newestStamp, stampAt } from '@breakwater/crdt';
import type { LocalRow } from '../storage/document-row.ts';

/** What has become of a document's local writes. */
export type Confirmation = 'stored' | 'refused' | 'pending';

/**
 * Is everything that `given` shows on the server, as far as the row is now? A field that was written again since is
 * newer than anything that `given` shows, and does not count.
 */
export function isStored(given: LocalRow, now: LocalRow | undefined): boolean {
  if (now === undefined) return false;
  const newest = newestStamp(given.state);
  return [...now.pending].every((path) => stampAt(now.state, path) > newest);
}
