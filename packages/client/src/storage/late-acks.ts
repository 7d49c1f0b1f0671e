import type { RxDatabase } from 'rxdb';
import { ACK_CONTEXT } from './contexts.ts';
import { idOf } from './document-row.ts';
import { type RowMeta, rowMetaOf, type StoredDocument } from './row-meta.ts';
import type { CapturedStorage } from './with-breakwater.ts';

/**
 * What was acknowledged, known at once to everything that reads rows in this tab, and written into the documents later: a
 * write less on the way of each push, and none at all for a document that changes again before. If the app ends first, those
 * rows are pushed once more when it comes back, and the server finds nothing new in them.
 */
export interface LateAcks {
  /** How many are still to be written. */
  readonly count: number;
  /**
   * May more be noted? Not where other tabs read the storage, which hear of an ack by its write, nor before some of very many
   * are written.
   */
  readonly isAllowed: boolean;
  /** The meta of this very revision of the document, from now on. */
  note(document: StoredDocument, meta: RowMeta): void;
  /** Writes so many of them, the oldest first. Throws when the storage fails; they are left then. */
  write(limit: number): Promise<void>;
}

/** Far from what the cache of metas forgets: one that it forgot would be no ack any more. */
const MAX_UNWRITTEN = 5_000;

export function createLateAcks(database: RxDatabase, captured: CapturedStorage): LateAcks {
  const { plan, instance, acknowledged, unwrittenAcks: ids } = captured;
  let underWay = 0;

  async function writeThese(chunk: readonly string[]): Promise<void> {
    const stored = await database.lockedRun(() => instance.findDocumentsById([...chunk], true));
    const rows = (stored as StoredDocument[]).flatMap((previous) => {
      const document = acknowledged.refresh(previous);
      return isNews(document, previous) ? [{ previous, document }] : [];
    });
    if (rows.length === 0) return;
    const { error } = await database.lockedRun(() => captured.bulkWrite(rows, ACK_CONTEXT));
    // Who changed a document in between had the ack with what they read.
    const failure = error.find(({ status }) => status !== 409);
    if (failure === undefined) return;
    throw new Error(`storing that '${failure.documentId}' is acknowledged failed with status ${failure.status}`);
  }

  return {
    get count() {
      return ids.size + underWay;
    },
    get isAllowed() {
      return !database.multiInstance && ids.size < MAX_UNWRITTEN;
    },
    note(document, meta) {
      acknowledged.remember(document, meta);
      ids.add(idOf(plan, document));
    },
    write: (limit) =>
      // In turn: it is written under an unchanged revision, as the bytes of attachments are.
      captured.inTurn(async () => {
        const chunk = [...ids].slice(0, limit);
        // Before, as one that is noted meanwhile is of a later revision; what is under way counts until it has arrived.
        for (const id of chunk) ids.delete(id);
        underWay = chunk.length;
        try {
          await writeThese(chunk);
        } catch (error) {
          for (const id of chunk) ids.add(id);
          throw error;
        } finally {
          underWay = 0;
        }
      }),
  };
}

/** Not when another tab has heard more of this revision, and has written that. */
function isNews(document: StoredDocument, stored: StoredDocument): boolean {
  if (document === stored) return false;
  const [now, before] = [rowMetaOf(document), rowMetaOf(stored)];
  return before?.pending !== undefined || (now?.seq ?? 0) > (before?.seq ?? 0);
}
