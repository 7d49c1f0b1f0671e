import {
  attachmentPath,
  type Clock,
  DELETED,
  type DocumentLeaves,
  type DocumentPlan,
  GENERATION,
  type Path,
  readDocument,
  readNewPaths,
  type Stamp,
  sameValue,
} from '@breakwater/crdt';
import {
  type ContentAuthor,
  type ContentChange,
  changedContents,
  count,
  editContents,
  stampPaths,
} from './capture-contents.ts';
import { attachmentValue, idOf, readRowMeta } from './document-row.ts';
import {
  emptyRowMeta,
  isVoid,
  type MutableRowMeta,
  newestIn,
  packRowMeta,
  type RowMeta,
  type StoredDocument,
  stampGroup,
} from './row-meta.ts';

export interface Capture {
  readonly plan: DocumentPlan;
  /** What the write belongs to, if it does not stand alone. */
  readonly batch?: string | undefined;
  readonly clock: Clock;
  readonly author: ContentAuthor;
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
  if (previous === undefined && capture.plan.kinds.size === 0) return insertedRegisters(capture, document);
  const meta = capturedMeta(capture, previous, document);
  if (capture.batch !== undefined) meta.batches.add(capture.batch);
  return packRowMeta(meta);
}

/** Nothing but registers, as most documents: the same meta as by way of its parts, in less time. */
function insertedRegisters({ plan, clock, batch }: Capture, document: StoredDocument): RowMeta {
  const { paths: written, changedFields } = readNewPaths(plan, document);
  setFields(document, changedFields);
  addOwnPaths(written, document);
  const paths = sortedPaths(written);
  const stamp = clock.next();
  if (paths.length === 0) return { stamps: [] };
  const meta = { stamps: [stampGroup(stamp, paths)], pending: paths };
  return batch === undefined ? meta : { ...meta, batches: [batch] };
}

let latestPaths: readonly Path[] = [];
let latestSorted: readonly Path[] = [];

/** Documents that are inserted together mostly have the same fields: then they share the list. */
function sortedPaths(paths: readonly Path[]): readonly Path[] {
  if (!isSame(paths, latestPaths)) {
    latestPaths = paths;
    latestSorted = paths.toSorted();
  }
  return latestSorted;
}

function isSame(a: readonly Path[], b: readonly Path[]): boolean {
  return a.length === b.length && a.every((path, i) => path === b[i]);
}

function capturedMeta(
  capture: Capture,
  previous: StoredDocument | undefined,
  document: StoredDocument,
): MutableRowMeta {
  const written = normalizeInPlace(capture.plan, previous, document);
  const meta = previous && readRowMeta(capture.plan, previous);
  if (previous === undefined || meta === undefined) return inserted(capture, written, document);
  if (previous._deleted && !document._deleted) {
    const insert = isVoid(meta) ? inserted : revived;
    return insert(capture, written, document, meta);
  }
  if (document._deleted && !previous._deleted) keepAttachments(meta, previous);
  return changed(capture, meta, differences(capture.plan, written, previous, document), document);
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
): DocumentLeaves {
  const read = readDocument(plan, document, previous);
  setFields(document, read.changedFields);
  return read;
}

function setFields(document: { [name: string]: unknown }, changed: DocumentLeaves['changedFields']): void {
  changed.forEach((value, name) => {
    if (value === undefined) delete document[name];
    else document[name] = value;
  });
}

function writtenPaths({ leaves }: DocumentLeaves, document: StoredDocument): Path[] {
  const paths = [...leaves.keys()];
  addOwnPaths(paths, document);
  return paths;
}

function addOwnPaths(paths: Path[], { _attachments, _deleted }: StoredDocument): void {
  for (const name in _attachments) paths.push(attachmentPath(name));
  if (_deleted) paths.push(DELETED);
}

function inserted(
  capture: Capture,
  written: DocumentLeaves,
  document: StoredDocument,
  before: MutableRowMeta = emptyRowMeta(),
): MutableRowMeta {
  const meta = { ...emptyRowMeta(), replaced: before.replaced };
  writeAll(capture, meta, written, document, capture.clock.next());
  return meta;
}

/** An insert over a tombstone replaces what was there: from this stamp on, unlisted paths have no value. */
function revived(
  capture: Capture,
  written: DocumentLeaves,
  document: StoredDocument,
  before: MutableRowMeta,
): MutableRowMeta {
  const stamp = capture.clock.next(newestIn(before));
  const { seq, replaced, batches } = before;
  const meta = { ...emptyRowMeta(stamp), seq, replaced, batches };
  meta.pending.add(GENERATION);
  writeAll(capture, meta, written, document, stamp);
  return meta;
}

function writeAll(
  { plan, author }: Capture,
  meta: MutableRowMeta,
  written: DocumentLeaves,
  document: StoredDocument,
  stamp: Stamp,
): void {
  const contents = changedContents(plan, undefined, written.contents);
  stampPaths(meta, [...writtenPaths(written, document), ...count(plan, meta, contents, author.replica)], stamp);
  editContents({ plan, meta, id: idOf(plan, document), author }, contents);
}

interface Differences {
  readonly paths: Path[];
  readonly contents: ContentChange[];
}

function differences(
  plan: DocumentPlan,
  { leaves, contents }: DocumentLeaves,
  previous: StoredDocument,
  document: StoredDocument,
): Differences {
  const paths: Path[] = [];
  const before = readDocument(plan, previous, previous);
  for (const [path, value] of leaves) if (!sameValue(value, before.leaves.get(path))) paths.push(path);
  for (const path of before.leaves.keys()) if (!leaves.has(path)) paths.push(path);
  if (previous._deleted !== document._deleted) paths.push(DELETED);
  if (!document._deleted) paths.push(...changedAttachments(previous, document));
  return { paths, contents: changedContents(plan, before.contents, contents) };
}

function changedAttachments(previous: StoredDocument, document: StoredDocument): Path[] {
  const names = new Set([...Object.keys(previous._attachments ?? {}), ...Object.keys(document._attachments ?? {})]);
  return [...names]
    .filter((name) => !sameValue(attachmentValue(previous, name), attachmentValue(document, name)))
    .map(attachmentPath);
}

function changed(
  { plan, clock, author }: Capture,
  meta: MutableRowMeta,
  { paths, contents }: Differences,
  document: StoredDocument,
): MutableRowMeta {
  for (const path of paths) meta.unknown.delete(path);
  const counted = count(plan, meta, contents, author.replica);
  if (paths.length + counted.length > 0) stampPaths(meta, [...paths, ...counted], clock.next(newestIn(meta)));
  editContents({ plan, meta, id: idOf(plan, document), author }, contents);
  return meta;
}
