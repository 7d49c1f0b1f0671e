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
  /** Keys of the refused writes that the batch makes once more: out of the inbox once it is written. */
  readonly settles?: readonly string[];
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

/**
 * A document of these batches loses what they wrote to it: they go back as a whole. Answers the name that they have in the
 * inbox; undefined: none of them is under way any more.
 */
export async function refuseBatches(
  database: RxDatabase,
  batches: readonly string[],
  { name, guilty }: { readonly name: string | undefined; readonly guilty: RefusedDocument },
): Promise<string | undefined> {
  const found = await Promise.all(batches.map((batch) => readJournal(database, batch)));
  const journals = found.filter((journal) => journal !== undefined);
  const label = name ?? journals.find(({ refused }) => refused)?.refused?.batch ?? journals[0]?.batch;
  if (label === undefined) return undefined;
  for (const { batch, entries, refused } of journals) {
    if (refused === undefined)
      await refuseJournal(database, batch, { entries, refused: { batch: label, guilty: [guilty] } });
  }
  return label;
}

/** Of a batch that is over, or of which nothing is here any more. */
export async function removeJournal(database: RxDatabase, batch: string): Promise<void> {
  const journal = await readJournal(database, batch);
  if (journal !== undefined) await settle(database, journal);
  await removeInternal(database, PREFIX + batch);
}

/** Takes out of the inbox what has been written again: an app that crashed may not have got to it. */
export async function settleJournals(database: RxDatabase): Promise<void> {
  for (const journal of await listJournals(database)) await settle(database, journal);
}

async function settle(database: RxDatabase, { state, settles = [] }: Journal): Promise<void> {
  if (state === 'written') for (const key of settles) await removeInternal(database, key);
}

/** Calls back with the journals that have changed, in whatever tab; those that were removed are not named. Answers how to stop. */
export function watchJournals({ internalStore }: RxDatabase, onChange: (changed: Journal[]) => void): () => void {
  const subscription = internalStore.changeStream().subscribe(({ events }) => {
    const changed = events.map(({ documentData }) => documentData).filter(({ key }) => key.startsWith(PREFIX));
    if (changed.length > 0) onChange(changed.filter(({ _deleted }) => !_deleted).map(({ data }) => data));
  });
  return () => subscription.unsubscribe();
}
