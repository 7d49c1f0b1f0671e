import type { RxDatabase } from 'rxdb';
import type { StoredDocument } from '../storage/row-meta.ts';
import { findInternal, listInternal, removeInternal, writeInternal } from './internal-store.ts';

/** One document of a batch. */
export interface JournalEntry {
  readonly collection: string;
  readonly id: string;
  /** As it was before; null: it was not there. Only while the batch is being written. */
  readonly before?: StoredDocument | null;
}

/**
 * Which documents belong together, from before the first is written until the server has stored them all. It lies in RxDB's
 * internal store, so that a crash in between leaves no half of a batch.
 */
export interface Journal {
  readonly batch: string;
  /** `writing`: not all of it is written here; nothing of it may be pushed, and after a crash it is undone. */
  readonly state: 'writing' | 'written';
  readonly entries: readonly JournalEntry[];
  /** Milliseconds since 1970, by the device's own clock. */
  readonly startedAt: number;
  /** Once the server has refused it: all of it goes back, also when the session ends in the middle of that. */
  readonly refused?: RefusedBatch;
}

export interface RefusedBatch {
  /** Names it in the inbox; of batches that went up together the same. */
  readonly batch: string;
  /** The documents that were in the way. */
  readonly guilty: readonly RefusedDocument[];
}

export interface RefusedDocument {
  readonly collection: string;
  readonly id: string;
  readonly code: string;
  readonly reason: string;
}

const PREFIX = 'breakwater-batch-';

export async function readJournal(database: RxDatabase, batch: string): Promise<Journal | undefined> {
  return (await findInternal(database, PREFIX + batch))?.data;
}

export async function listJournals(database: RxDatabase): Promise<Journal[]> {
  return (await listInternal(database, PREFIX)).map(({ data }) => data);
}

export async function beginJournal(database: RxDatabase, journal: Journal): Promise<void> {
  await writeInternal<Journal>(database, PREFIX + journal.batch, () => journal);
}

/** @throws Error when another tab has taken the batch for abandoned, and undone it. */
export async function endJournal(database: RxDatabase, batch: string): Promise<void> {
  await writeInternal<Journal>(database, PREFIX + batch, (stored) => {
    if (stored === undefined) throw new Error('the batch took so long that it was undone; write it again');
    const entries = stored.entries.map(({ collection, id }) => ({ collection, id }));
    return { ...stored, state: 'written', entries };
  });
}

/** Also of a batch whose journal is gone: whatever is known to be a part of it is in `entries`. */
export async function refuseJournal(
  database: RxDatabase,
  batch: string,
  { entries, refused }: { readonly entries: readonly JournalEntry[]; readonly refused: RefusedBatch },
): Promise<void> {
  await writeInternal<Journal>(database, PREFIX + batch, (stored) => {
    return { ...(stored ?? { batch, state: 'written', entries, startedAt: 0 }), refused };
  });
}

export function removeJournal(database: RxDatabase, batch: string): Promise<void> {
  return removeInternal(database, PREFIX + batch);
}

/** Calls back when the journal of a batch has changed, in whatever tab. Answers how to stop. */
export function watchJournals({ internalStore }: RxDatabase, onChange: () => void): () => void {
  const subscription = internalStore.changeStream().subscribe(({ events }) => {
    if (events.some(({ documentData }) => documentData.key.startsWith(PREFIX))) onChange();
  });
  return () => subscription.unsubscribe();
}
