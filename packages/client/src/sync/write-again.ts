import {
  attachmentName,
  DELETED,
  type DocumentPlan,
  isCounterPath,
  type JsonObject,
  type Path,
  rebaseContent,
  segmentsOf,
  valueAt,
} from '@breakwater/crdt';
import type { RxCollection, RxDatabase } from 'rxdb';
import { BatchError } from '../errors.ts';
import { setAt } from '../storage/set-at.ts';
import { requireCaptured } from '../storage/with-breakwater.ts';
import { REVOKED } from './down.ts';
import type { RefusedRecord } from './inbox.ts';
import type { GivenAttachment } from './kept-bytes.ts';
import { type DocumentWrite, writeBatch } from './write-batch.ts';

/** A refused write that is to be made again, with `change` on top. */
export interface WriteAgain {
  readonly collection: RxCollection;
  readonly record: RefusedRecord;
  readonly change?: JsonObject;
  /** Those that were refused, with their bytes. */
  readonly attachments: readonly GivenAttachment[];
}

/**
 * Makes refused changes once more, together, as local writes of now: in the documents as they are, the fields that were
 * refused; a document that is not there is inserted whole. Rich fields and counters get the user's edit, not the user's
 * value, so that what others did meanwhile stays.
 *
 * @param keys of the refused writes in the inbox
 * @throws BatchError when RxDB does not take one of them; nothing was written then.
 */
export function writeAgain(
  database: RxDatabase,
  writes: readonly WriteAgain[],
  keys: readonly string[],
): Promise<void> {
  const byDocument = Map.groupBy(writes, ({ record }) => JSON.stringify([record.collection, record.id]));
  return writeBatch(database, [...byDocument.values()].flatMap(toDocumentWrite), keys);
}

/** A document may have gone back more than once: its changes are made one upon the other. */
function toDocumentWrite(writes: readonly WriteAgain[]): DocumentWrite[] {
  const inOrder = writes.toSorted((a, b) => a.record.returned - b.record.returned);
  const change: DocumentWrite['change'] = (fields) => inOrder.reduce<JsonObject | undefined>(changeAgain, fields);
  const again = attachmentsAgain(inOrder);
  return writes.slice(0, 1).map(({ collection, record }) => ({ collection, id: record.id, change, ...again }));
}

function changeAgain(fields: JsonObject | undefined, { collection, record, change = {} }: WriteAgain) {
  if (record.kind === 'delete') return undefined;
  const { plan } = requireCaptured(collection);
  if (fields === undefined && record.code === REVOKED.code && record.kind === 'change') throw notHere(record);
  const again = fields === undefined ? record.document : withRefused(fields, plan, record);
  return { ...again, ...change };
}

/** Of each name the last word. */
function attachmentsAgain(inOrder: readonly WriteAgain[]) {
  const givenByName = new Map<string, GivenAttachment>();
  const removed = new Set<string>();
  for (const { record, attachments } of inOrder) {
    for (const name of record.paths.flatMap((path) => attachmentName(path) ?? [])) {
      if (isKept(record, name)) continue;
      removed.add(name);
      givenByName.delete(name);
    }
    for (const given of attachments) {
      givenByName.set(given.name, given);
      removed.delete(given.name);
    }
  }
  return { attachments: [...givenByName.values()], removedAttachments: [...removed] };
}

/** Otherwise the user had removed it. */
function isKept({ attachments = [] }: RefusedRecord, name: string): boolean {
  return attachments.some((attachment) => attachment.name === name);
}

function withRefused(fields: JsonObject, plan: DocumentPlan, record: RefusedRecord): JsonObject {
  const result = { ...fields };
  const contents = new Set<string>();
  for (const path of record.paths) {
    const content = [...plan.kinds.keys()].find((field) => isContentPath(path, field));
    if (content !== undefined) contents.add(content);
    else if (path !== DELETED && attachmentName(path) === undefined)
      setAt(result, path, valueAt(record.document, path));
  }
  for (const field of contents) {
    const kind = plan.kinds.get(field);
    const change = { from: record.contents[field] ?? null, to: record.document[field] ?? null };
    if (!Object.hasOwn(record.contents, field)) result[field] = record.document[field] ?? null;
    else if (kind !== undefined) result[field] = rebaseContent(kind, change, fields[field] ?? null);
  }
  return result;
}

/** Of a change of it there is no document to be made. */
function notHere({ collection, id }: RefusedRecord): BatchError {
  return new BatchError(
    `'${id}' of '${collection}' may not be read here: make the change again once it may, or discard it`,
  );
}

function isContentPath(path: Path, field: string): boolean {
  const segments = segmentsOf(path);
  return (segments.length === 1 && segments[0] === field) || isCounterPath(path, field);
}
