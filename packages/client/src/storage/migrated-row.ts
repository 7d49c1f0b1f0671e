import { attachmentName, DELETED, type DocumentPlan, valueAt } from '@breakwater/crdt';
import { idOf, toDocument, toLocalRow } from './document-row.ts';
import { packRowMeta, type RowMeta, rowMetaOf, type StoredDocument, setRowMeta, unpackRowMeta } from './row-meta.ts';

/**
 * Makes of a document that a migration strategy answered what this version of the app shows of its row, in place: what the
 * last version kept without knowing it, and the content of text, lists, sets and counters. What the strategy dropped is
 * kept in the meta, for those who have it. Undefined: the document was never captured.
 *
 * @param before the document in the last version's storage.
 */
export function migrateRow(
  plan: DocumentPlan,
  document: StoredDocument,
  before: StoredDocument | undefined,
): RowMeta | undefined {
  const stored = rowMetaOf(document);
  if (stored === undefined) return undefined;
  setRowMeta(document, withDropped(stored, document, before), document._meta.lwt);
  const { state, pending, seq, replaced, batches } = toLocalRow(plan, document);
  const previous = withContentsOf(before, plan, document);
  const target = { plan, id: idOf(plan, document), previous, pending: new Set(pending), seq, replaced, batches };
  const shown = toDocument(state, target);
  for (const field of Object.keys(document)) delete (document as { [field: string]: unknown })[field];
  Object.assign(document, shown);
  return rowMetaOf(document);
}

/** A stamp without its value would mean that the field was removed. */
function withDropped(stored: RowMeta, document: StoredDocument, before: StoredDocument | undefined): RowMeta {
  if (before === undefined) return stored;
  const meta = unpackRowMeta(stored);
  for (const path of meta.stamps.keys()) {
    if (meta.unknown.has(path) || path === DELETED || attachmentName(path) !== undefined) continue;
    const value = valueAt(before, path);
    if (value !== undefined && valueAt(document, path) === undefined) meta.unknown.set(path, value);
  }
  return packRowMeta(meta);
}

/** The contents are those of the state: the strategy's are nobody's writes. */
function withContentsOf(
  before: StoredDocument | undefined,
  { kinds }: DocumentPlan,
  document: StoredDocument,
): StoredDocument {
  const fields: StoredDocument & { [field: string]: unknown } = { ...document };
  for (const field of kinds.keys()) {
    delete fields[field];
    if (before !== undefined && Object.hasOwn(before, field)) fields[field] = before[field];
  }
  return fields;
}
