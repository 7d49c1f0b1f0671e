import { getChangedDocumentsSince } from 'rxdb';
import type { Instance } from './instance.ts';
import type { StoredDocument } from './row-meta.ts';

/** Documents of one batch: bounds how much is in memory, and how long the storage is busy with it. */
const BATCH = 500;

/** Runs a read of the storage while its database stays open. */
export type Locked = <T>(read: () => Promise<T>) => Promise<T>;

/** Every document that was written after `lwt` (0: every one), tombstones included, batch by batch. */
export async function* changedDocuments(
  instance: Instance,
  lwt = 0,
  locked: Locked = (read) => read(),
): AsyncGenerator<StoredDocument[]> {
  let checkpoint: unknown = { id: '', lwt };
  for (;;) {
    const since = checkpoint;
    const page = await locked(() => getChangedDocumentsSince(instance, BATCH, since));
    if (page.documents.length === 0) return;
    checkpoint = page.checkpoint;
    yield page.documents as StoredDocument[];
  }
}
