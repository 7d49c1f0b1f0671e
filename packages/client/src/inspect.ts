import type { Path, State } from '@breakwater/crdt';
import type { RxCollection } from 'rxdb';
import { changedDocuments } from './storage/changed-documents.ts';
import { toLocalRow } from './storage/document-row.ts';
import { isVoid } from './storage/row-meta.ts';
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

/**
 * Every row of a collection as replication sees it: for tests and for debugging.
 *
 * @throws Error when the collection's storage was not wrapped with withBreakwater.
 */
export async function* inspectRows(collection: RxCollection): AsyncGenerator<InspectedRow> {
  const { plan, instance, acknowledged } = requireCaptured(collection);
  for await (const documents of changedDocuments(instance)) {
    for (const document of documents) {
      const { id, state, pending, seq } = toLocalRow(plan, acknowledged.refresh(document));
      if (!isVoid({ stamps: state.registers, generation: state.generation, rich: state.rich })) {
        yield { id, state, pending: [...pending].sort(), seq };
      }
    }
  }
}
