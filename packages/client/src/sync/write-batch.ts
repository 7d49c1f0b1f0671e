import type { JsonObject } from '@breakwater/crdt';
import {
  type BulkWriteRow,
  fillObjectDataBeforeInsert,
  type RxCollection,
  type RxDatabase,
  type RxStorageWriteError,
} from 'rxdb';
import { BatchError } from '../errors.ts';
import { whileWriting } from '../storage/batches-under-way.ts';
import { batchContext } from '../storage/contexts.ts';
import { idOf, plainFields } from '../storage/document-row.ts';
import type { StoredDocument } from '../storage/row-meta.ts';
import { requireCaptured } from '../storage/with-breakwater.ts';
import { beginJournal, endJournal, type Journal } from './journal.ts';
import type { GivenAttachment } from './kept-bytes.ts';
import { undo } from './undo-batch.ts';

/** What is to become of one document. */
export interface DocumentWrite {
  readonly collection: RxCollection;
  readonly id: string;
  /**
   * From the document's fields (undefined: there is no such document) to the new ones (undefined: it is to be removed).
   * May be asked again when somebody else wrote in between. What it throws ends the batch, of which then nothing is written.
   */
  readonly change: (fields: JsonObject | undefined) => JsonObject | undefined;
  /** Are put on the document. */
  readonly attachments?: readonly GivenAttachment[];
  /** Names of those that are taken off it. */
  readonly removedAttachments?: readonly string[];
}

/** Other tabs and the network may get in between; so often in a row something else is wrong. */
const ATTEMPTS = 10;

type Row = BulkWriteRow<{ [field: string]: unknown }>;

/**
 * Writes documents of several collections as one batch: here all of them or none, even if the app crashes in between, and
 * later one message and one transaction on the server.
 *
 * @param settles keys of the refused writes that it makes once more
 * @throws BatchError when a document cannot be written; nothing was.
 */
export async function writeBatch(
  database: RxDatabase,
  writes: readonly DocumentWrite[],
  settles: readonly string[] = [],
): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (await tryToWrite(database, writes, settles)) return;
  }
  throw new BatchError(`the batch was overtaken by other writes ${ATTEMPTS} times in a row; nothing of it was written`);
}

interface Plan {
  readonly collection: RxCollection;
  readonly rows: readonly Row[];
}

/** False: somebody else wrote in between. */
async function tryToWrite(
  database: RxDatabase,
  writes: readonly DocumentWrite[],
  settles: readonly string[],
): Promise<boolean> {
  const plans: Plan[] = [];
  for (const [collection, ofCollection] of Map.groupBy(writes, (write) => write.collection)) {
    const rows = await toRows(collection, ofCollection);
    if (rows.length > 0) plans.push({ collection, rows });
  }
  const [first] = plans;
  if (first === undefined) return true;
  const captured = requireCaptured(first.collection);
  const batch = captured.newBatch();
  const startedAt = captured.now();
  const journal: Journal = { batch, state: 'writing', entries: plans.flatMap(toEntries), startedAt, settles };
  return whileWriting(database.token, batch, async () => {
    await beginJournal(database, journal);
    try {
      const errors = await writePlans(plans, batch);
      if (errors.length === 0) {
        await endJournal(database, batch);
        return true;
      }
      await undo(database, journal);
      const fatal = errors.find(({ status }) => status !== 409);
      if (fatal) throw new BatchError(describe(fatal));
      return false;
    } catch (error) {
      if (!(error instanceof BatchError)) await undo(database, journal);
      throw error;
    }
  });
}

async function toRows(collection: RxCollection, writes: readonly DocumentWrite[]): Promise<Row[]> {
  const ids = writes.map(({ id }) => id);
  const found = (await collection.storageInstance.findDocumentsById(ids, true)) as StoredDocument[];
  const { plan, acknowledged } = requireCaptured(collection);
  // If the batch has to be undone, what was acknowledged before it must still be.
  const storedById = new Map(found.map((document) => [idOf(plan, document), acknowledged.refresh(document)]));
  return writes.flatMap(({ id, change, ...write }) => {
    const previous = storedById.get(id);
    const isThere = previous !== undefined && !previous._deleted;
    const fields = change(isThere ? plainFields(previous) : undefined);
    if (fields === undefined) return isThere ? [{ previous, document: { ...previous, _deleted: true } }] : [];
    const filled = isThere ? fields : fillObjectDataBeforeInsert(collection.schema, fields);
    requireId(collection, filled, id);
    const _attachments = attachmentsAfter(isThere ? previous._attachments : {}, write);
    if (previous === undefined) return [{ document: { ...filled, _attachments } as Row['document'] }];
    const { _meta, _rev } = previous;
    const document = { ...filled, _deleted: false, _meta, _rev, _attachments };
    return [{ previous, document }];
  });
}

type Attachments = StoredDocument['_attachments'];

function attachmentsAfter(
  before: Attachments,
  { attachments = [], removedAttachments = [] }: Pick<DocumentWrite, 'attachments' | 'removedAttachments'>,
): Attachments {
  const left = Object.entries(before).filter(([name]) => !removedAttachments.includes(name));
  const put = attachments.map(({ name, ...attachment }) => [name, attachment] as const);
  return Object.fromEntries([...left, ...put]);
}

/** @throws BatchError when the document would become another one. */
function requireId({ name, schema }: RxCollection, fields: JsonObject, id: string): void {
  const newId = schema.getPrimaryOfDocumentData(fields);
  if (newId === id) return;
  throw new BatchError(
    `${name}: '${id}' cannot become '${newId}', a document keeps its id; nothing of the batch was written`,
  );
}

function toEntries({ collection, rows }: Plan): Journal['entries'] {
  const { plan } = requireCaptured(collection);
  return rows.map(({ document, previous }) => ({
    collection: collection.name,
    id: idOf(plan, document as StoredDocument),
    before: (previous as StoredDocument | undefined) ?? null,
  }));
}

async function writePlans(plans: readonly Plan[], batch: string): Promise<RxStorageWriteError<unknown>[]> {
  for (const { collection, rows } of plans) {
    const { error } = await collection.storageInstance.bulkWrite([...rows], batchContext(batch));
    if (error.length > 0) return error;
  }
  return [];
}

function describe(error: RxStorageWriteError<unknown>): string {
  const { documentId, status } = error;
  const [first] = error.status === 422 ? error.validationErrors : [];
  const why = first?.message ?? `the storage answers with status ${status}`;
  return `'${documentId}' cannot be written: ${why}; nothing of the batch was`;
}
