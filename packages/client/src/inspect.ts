import type { Path, State } from '@breakwater/crdt';
import { getChangedDocumentsSince, type RxCollection } from 'rxdb';
import { toLocalRow } from './storage/document-row.ts';
import type { StoredDocument } from './storage/row-meta.ts';
import { requireCaptured } from './storage/with-breakwater.ts';

/** What replication knows of a document, deleted or not. */
export interface InspectedRow {
  readonly id: string;
  /** The registers with their stamps. */
  readonly state: State;
  /** Paths changed on this device and not acknowledged yet. */
  readonly pending: readonly Path[];
  /** The server's commit number that the row was last seen with; undefined: never. */
  readonly seq: number | undefined;
}

const BATCH = 500;

/**
 * Every row of a collection as replication sees it: for tests and for debugging.
 *
 * @throws Error when the collection's storage was not wrapped with withBreakwater.
 */
export async function* inspectRows(collection: RxCollection): AsyncGenerator<InspectedRow> {
  const { plan, instance } = requireCaptured(collection);
  let checkpoint: unknown = { id: '', lwt: 0 };
  for (;;) {
    const page = await getChangedDocumentsSince(instance, BATCH, checkpoint);
    if (page.documents.length === 0) return;
    checkpoint = page.checkpoint;
    for (const document of page.documents as StoredDocument[]) {
      const { id, state, pending, seq } = toLocalRow(plan, document);
      yield { id, state, pending: [...pending].sort(), seq };
    }
  }
}
