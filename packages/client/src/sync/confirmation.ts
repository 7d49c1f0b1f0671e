import { getHeightOfRevision } from 'rxdb';
import type { LocalRow } from '../storage/document-row.ts';
import type { RefusedRecord } from './inbox.ts';

/** What has become of a document's local writes. */
export type Confirmation = 'stored' | 'refused' | 'pending';

/**
 * Is everything that `given` shows on the server, as far as the row is now? A field that was written again since counts
 * once the newer write is there.
 */
export function isStored(given: LocalRow, now: LocalRow | undefined): boolean {
  return now !== undefined && ![...given.pending].some((path) => now.pending.has(path));
}

/** What was refused, for those who ask about a document as it was before it went back. */
export interface Refusals {
  add(records: readonly RefusedRecord[]): void;
  /** Does the document show something that was refused? */
  has(given: LocalRow): boolean;
}

export function createRefusals(initial: readonly RefusedRecord[]): Refusals {
  const recordsById = new Map<string, RefusedRecord[]>();
  add(initial);

  function add(records: readonly RefusedRecord[]): void {
    for (const record of records) recordsById.set(record.id, [...(recordsById.get(record.id) ?? []), record]);
  }

  return {
    add,
    has({ id, pending, document }) {
      const height = getHeightOfRevision(document._rev);
      return (recordsById.get(id) ?? []).some(
        ({ revision, paths }) => height <= getHeightOfRevision(revision) && paths.some((path) => pending.has(path)),
      );
    },
  };
}
