import {
  attachmentPath,
  type Clock,
  DELETED,
  type DocumentPlan,
  GENERATION,
  type Json,
  NO_STAMP,
  type Path,
  readDocument,
  sameValue,
} from '@breakwater/crdt';
import { attachmentValue, readRowMeta } from './document-row.ts';
import { type MutableRowMeta, newestIn, packRowMeta, type RowMeta, type StoredDocument } from './row-meta.ts';

export interface Capture {
  readonly plan: DocumentPlan;
  readonly clock: Clock;
}

/**
 * Stamps what a user's write changes and marks it pending. Normalises the document's values in place; answers the meta
 * that the document has to carry.
 *
 * @throws ValueError when a value cannot be stored.
 */
export function captureWrite(
  capture: Capture,
  previous: StoredDocument | undefined,
  document: StoredDocument,
): RowMeta {
  const leaves = normalizeInPlace(capture.plan, previous, document);
  const meta = previous && readRowMeta(capture.plan, previous);
  if (previous === undefined || meta === undefined) return packRowMeta(inserted(capture, leaves, document));
  if (previous._deleted && !document._deleted) return packRowMeta(revived(capture, meta, leaves, document));
  if (document._deleted && !previous._deleted) keepAttachments(meta, previous);
  return packRowMeta(changed(capture, meta, changedPaths(capture.plan, leaves, previous, document)));
}

/** RxDB drops the attachments of a deleted document. Their registers stay what they were: no one removed them by name. */
function keepAttachments(meta: MutableRowMeta, previous: StoredDocument): void {
  for (const name of Object.keys(previous._attachments ?? {})) {
    const value = attachmentValue(previous, name);
    if (value !== undefined) meta.unknown.set(attachmentPath(name), value);
  }
}

function normalizeInPlace(
  plan: DocumentPlan,
  previous: StoredDocument | undefined,
  document: StoredDocument,
): ReadonlyMap<Path, Json> {
  const { leaves, changedFields } = readDocument(plan, document, previous);
  const fields: { [name: string]: unknown } = document;
  for (const [name, value] of changedFields) {
    if (value === undefined) delete fields[name];
    else fields[name] = value;
  }
  return leaves;
}

function writtenPaths(leaves: ReadonlyMap<Path, Json>, document: StoredDocument): Path[] {
  const paths = [...leaves.keys()];
  for (const name of Object.keys(document._attachments ?? {})) paths.push(attachmentPath(name));
  if (document._deleted) paths.push(DELETED);
  return paths;
}

function inserted({ clock }: Capture, leaves: ReadonlyMap<Path, Json>, document: StoredDocument): MutableRowMeta {
  const stamp = clock.next();
  const paths = writtenPaths(leaves, document);
  return {
    stamps: new Map(paths.map((path) => [path, stamp])),
    generation: NO_STAMP,
    pending: new Set(paths),
    seq: undefined,
    unknown: new Map(),
  };
}

/** An insert over a tombstone replaces what was there: from this stamp on, unlisted paths have no value. */
function revived(
  { clock }: Capture,
  meta: MutableRowMeta,
  leaves: ReadonlyMap<Path, Json>,
  document: StoredDocument,
): MutableRowMeta {
  const stamp = clock.next(newestIn(meta));
  const paths = writtenPaths(leaves, document);
  return {
    stamps: new Map(paths.map((path) => [path, stamp])),
    generation: stamp,
    pending: new Set([GENERATION, ...paths]),
    seq: meta.seq,
    unknown: new Map(),
  };
}

function changedPaths(
  plan: DocumentPlan,
  leaves: ReadonlyMap<Path, Json>,
  previous: StoredDocument,
  document: StoredDocument,
): Path[] {
  const paths: Path[] = [];
  const before = readDocument(plan, previous, previous).leaves;
  for (const [path, value] of leaves) if (!sameValue(value, before.get(path))) paths.push(path);
  for (const path of before.keys()) if (!leaves.has(path)) paths.push(path);
  if (previous._deleted !== document._deleted) paths.push(DELETED);
  if (!document._deleted) paths.push(...changedAttachments(previous, document));
  return paths;
}

function changedAttachments(previous: StoredDocument, document: StoredDocument): Path[] {
  const names = new Set([...Object.keys(previous._attachments ?? {}), ...Object.keys(document._attachments ?? {})]);
  return [...names]
    .filter((name) => !sameValue(attachmentValue(previous, name), attachmentValue(document, name)))
    .map(attachmentPath);
}

function changed({ clock }: Capture, meta: MutableRowMeta, paths: readonly Path[]): MutableRowMeta {
  if (paths.length === 0) return meta;
  const stamp = clock.next(newestIn(meta));
  for (const path of paths) {
    meta.stamps.set(path, stamp);
    meta.pending.add(path);
    meta.unknown.delete(path);
  }
  return meta;
}
