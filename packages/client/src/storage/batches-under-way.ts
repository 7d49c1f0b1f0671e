/** Batches that are being written, each with what settles once that is over: of each open database, by its token. */
const endByBatchByToken = new Map<string, Map<string, Promise<unknown>>>();

/** While `write` runs, nobody here takes the batch for abandoned, or writes anything into what may have to be undone. */
export async function whileWriting<T>(token: string, batch: string, write: () => Promise<T>): Promise<T> {
  const endByBatch = endByBatchByToken.get(token) ?? new Map<string, Promise<unknown>>();
  endByBatchByToken.set(token, endByBatch);
  const writing = write();
  endByBatch.set(
    batch,
    writing.catch(() => {}),
  );
  try {
    return await writing;
  } finally {
    endByBatch.delete(batch);
    if (endByBatch.size === 0) endByBatchByToken.delete(token);
  }
}

export function isUnderWay(token: string, batch: string): boolean {
  return endByBatchByToken.get(token)?.has(batch) ?? false;
}

/** Resolves when none of them is being written any more, in this tab. */
export async function untilWritten(token: string, batches: readonly string[]): Promise<void> {
  for (const batch of batches) await endByBatchByToken.get(token)?.get(batch);
}
