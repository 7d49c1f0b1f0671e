import { createRevision, getHeightOfRevision, type RxCollection, type RxDatabase } from 'rxdb';
import { isUnderWay } from '../storage/batches-under-way.ts';
import { UNDO_CONTEXT } from '../storage/contexts.ts';
import { idOf, readRowMeta, toVoid } from '../storage/document-row.ts';
import { packRowMeta, rowMetaOf, type StoredDocument, setRowMeta } from '../storage/row-meta.ts';
import { type CapturedStorage, capturedStorageOf, requireCaptured } from '../storage/with-breakwater.ts';
import { type Journal, type JournalEntry, listJournals, removeJournal } from './journal.ts';

/** Long after any batch that is still being written, in milliseconds. */
export const ABANDONED_AFTER_MS = 30_000;

/**
 * Undoes what a crash has left half written. Another tab may be writing one: those are left alone for a while. True: there
 * are such, to be looked at again.
 */
export async function undoAbandoned(database: RxDatabase): Promise<boolean> {
  const collections = Object.values(database.collections) as RxCollection[];
  const [captured] = collections.flatMap(({ storageInstance }) => {
    return capturedStorageOf(storageInstance.originalStorageInstance) ?? [];
  });
  const now = captured?.now() ?? 0;
  const unfinished = (await listJournals(database)).filter(({ state }) => state === 'writing');
  // From the future: the device's clock was set back since.
  const isOld = ({ startedAt }: Journal) => !database.multiInstance || Math.abs(now - startedAt) >= ABANDONED_AFTER_MS;
  const abandoned = unfinished.filter((journal) => isOld(journal) && !isUnderWay(database.token, journal.batch));
  for (const journal of abandoned) await undo(database, journal);
  return abandoned.length < unfinished.length;
}

/** The documents of a batch become what they were before it. */
export async function undo(database: RxDatabase, { batch, entries }: Journal): Promise<void> {
  for (const [name, ofCollection] of Map.groupBy(entries, ({ collection }) => collection)) {
    const collection = (database.collections as { [name: string]: RxCollection })[name];
    if (collection !== undefined) await undoIn(database, requireCaptured(collection), { batch, entries: ofCollection });
  }
  await removeJournal(database, batch);
}

async function undoIn(
  database: RxDatabase,
  captured: CapturedStorage,
  { batch, entries }: Pick<Journal, 'batch' | 'entries'>,
): Promise<void> {
  let left = entries;
  while (left.length > 0) {
    const ids = left.map(({ id }) => id);
    const found = await database.lockedRun(() => captured.instance.findDocumentsById(ids, true));
    const storedById = new Map((found as StoredDocument[]).map((each) => [idOf(captured.plan, each), each]));
    const rows = left.flatMap((entry) => {
      const stored = storedById.get(entry.id);
      if (stored === undefined || !rowMetaOf(stored)?.batches?.includes(batch)) return [];
      const document = isAsWritten(stored, entry) ? restored(captured, stored, entry) : freed(captured, stored, batch);
      document._rev = createRevision(database.token, stored);
      document._meta.lwt = captured.lwt.next();
      return [{ previous: stored, document }];
    });
    const { error } = await database.lockedRun(() => captured.bulkWrite(rows, UNDO_CONTEXT));
    const fatal = error.find(({ status }) => status !== 409);
    if (fatal) throw new Error(`undoing a batch failed at '${fatal.documentId}' with status ${fatal.status}`);
    const overtaken = new Set(error.map(({ documentId }) => documentId));
    left = left.filter(({ id }) => overtaken.has(id));
  }
}

/** Has nothing been written to it since? */
function isAsWritten(stored: StoredDocument, { before }: JournalEntry): boolean {
  return getHeightOfRevision(stored._rev) === (before ? getHeightOfRevision(before._rev) : 0) + 1;
}

function restored({ plan }: CapturedStorage, stored: StoredDocument, { id, before }: JournalEntry): StoredDocument {
  // One more: the Yjs structs of the batch are gone, and their clocks must not be used again.
  const replaced = (rowMetaOf(stored)?.replaced ?? 0) + 1;
  if (!before) return toVoid({ plan, id, previous: stored, replaced });
  const document = { ...before };
  setRowMeta(document, packRowMeta({ ...readRowMeta(plan, before), replaced }), 0);
  return document;
}

/** It was edited after the crash: what it shows now is the user's, batch or not. */
function freed({ plan }: CapturedStorage, stored: StoredDocument, batch: string): StoredDocument {
  const meta = readRowMeta(plan, stored);
  meta.batches.delete(batch);
  const document = { ...stored };
  setRowMeta(document, packRowMeta(meta), 0);
  return document;
}
