import type { Path } from '@breakwater/crdt';
import { getHeightOfRevision } from 'rxdb';
import type { LocalRow } from '../storage/document-row.ts';
import type { RefusedRecord } from './inbox.ts';

/** What has become of a document's local writes. */
export type Confirmation = 'stored' | 'refused' | 'pending';

/** Somebody wants to know what has become of the writes that a document shows. */
export interface Question {
  readonly collection: string;
  readonly id: string;
  /** Of the document's revision. */
  readonly height: number;
  /** What was pending when the document was as it shows. */
  readonly pending: readonly Path[];
}

export function questionOf(collection: string, { id, document, pending }: LocalRow): Question {
  return { collection, id, height: getHeightOfRevision(document._rev), pending: [...pending] };
}

/** Is all of it on the server? A field that was written again since counts once the newer write is there. */
export function isStored({ pending }: Question, now: LocalRow | undefined): boolean {
  return now !== undefined && !pending.some((path) => now.pending.has(path));
}

/** What was refused, for those who ask about a document as it was before it went back. */
export interface Refusals {
  add(records: readonly RefusedRecord[]): void;
  /** Was something of it refused? */
  has(question: Question): boolean;
}

export function createRefusals(initial: readonly RefusedRecord[]): Refusals {
  const recordsById = new Map<string, RefusedRecord[]>();
  add(initial);

  function add(records: readonly RefusedRecord[]): void {
    for (const record of records) recordsById.set(record.id, [...(recordsById.get(record.id) ?? []), record]);
  }

  return {
    add,
    has: ({ id, height, pending }) =>
      (recordsById.get(id) ?? []).some(
        ({ revision, paths }) =>
          height <= getHeightOfRevision(revision) && paths.some((path) => pending.includes(path)),
      ),
  };
}
