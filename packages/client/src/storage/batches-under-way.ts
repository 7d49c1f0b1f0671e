import type { RxDatabase } from 'rxdb';

/** Batches that are being written, of each open database. */
const endByBatch = new WeakMap<RxDatabase, Map<string, Promise<unknown>>>();

/** While `write` runs, nobody here takes the batch for abandoned, or merges anything into what may have to be undone. */
export async function whileWriting<T>(database: RxDatabase, batch: string, write: () => Promise<T>): Promise<T> {
  const own = endByBatch.get(database) ?? new Map<string, Promise<unknown>>();
  const writing = write();
  endByBatch.set(
    database,
    own.set(
      batch,
      writing.catch(() => {}),
    ),
  );
  try {
    return await writing;
  } finally {
    own.delete(batch);
  }
}

export function isUnderWay(database: RxDatabase, batch: string): boolean {
  return endByBatch.get(database)?.has(batch) ?? false;
}

/** Resolves when none of them is being written any more, in this tab. */
export async function untilWritten(database: RxDatabase, batches: readonly string[]): Promise<void> {
  for (const batch of batches) await endByBatch.get(database)?.get(batch);
}
