import {
  addRequiredFields,
  assembleFields,
  attachmentName,
  attachmentPath,
  DELETED,
  type DocumentPlan,
  encodeStampedPaths,
  encodeState,
  formatStamp,
  isDeleted,
  isOwnProperty,
  isRichKind,
  type Json,
  type JsonObject,
  NO_STAMP,
  type Path,
  type Register,
  type RichKind,
  readCounter,
  readDocument,
  readRich,
  richFromText,
  richToText,
  type State,
  sameValue,
  valueAt,
} from '@breakwater/crdt';
import { isDigest } from '@breakwater/protocol';
import { changedContents, count, editContents, stampPaths } from './capture-contents.ts';
import {
  emptyRowMeta,
  isVoid,
  type MutableRowMeta,
  metaEntry,
  packRowMeta,
  rowMetaOf,
  type Stamps,
  type StoredDocument,
  unpackRowMeta,
} from './row-meta.ts';

/** Writes from before there were stamps: any stamped write of the same millisecond or later wins over them. */
const NODE_OF_UNSTAMPED = '0000000000';

/** The meta of a stored document. One that never passed through the capture counts as written at its `lwt`, here. */
export function readRowMeta(plan: DocumentPlan, document: StoredDocument): MutableRowMeta {
  const stored = rowMetaOf(document);
  if (stored) return unpackRowMeta(stored);
  const stamp = formatStamp({ ms: Math.floor(document._meta.lwt), counter: 0, node: NODE_OF_UNSTAMPED });
  const paths: Path[] = [...readDocument(plan, document, document).leaves.keys()];
  for (const name of Object.keys(document._attachments ?? {})) paths.push(attachmentPath(name));
  if (document._deleted) paths.push(DELETED);
  const meta = emptyRowMeta();
  // Nobody's name: the same each time that this is read.
  const contents = changedContents(plan, undefined, readDocument(plan, document, document).contents);
  stampPaths(meta, [...paths, ...count(plan, meta, contents, NODE_OF_UNSTAMPED)], stamp);
  editContents({ plan, meta, id: idOf(plan, document), author: { collection: '', clientId: 0 } }, contents);
  return meta;
}

/** The bytes of all that a stored document stands for. */
export function encodeDocument(plan: DocumentPlan, document: StoredDocument): Uint8Array {
  const meta = rowMetaOf(document);
  if (meta === undefined) return encodeState(toLocalRow(plan, document).state);
  const { stamps, generation = NO_STAMP, rich, unknown } = meta;
  const unknownByPath = unknown === undefined ? NO_VALUES : new Map(unknown);
  return encodeStampedPaths({ stamps, generation, rich: rich === undefined ? undefined : richFromText(rich) }, (path) =>
    storedValue(document, unknownByPath, path),
  );
}

/** The state that a stored document and its meta stand for. */
function toState(document: StoredDocument, meta: MutableRowMeta): State {
  const registers = new Map<Path, Register>();
  for (const [path, stamp] of meta.stamps)
    registers.set(path, { stamp, value: storedValue(document, meta.unknown, path) });
  const rich = meta.rich === undefined ? {} : { rich: richFromText(meta.rich) };
  return { generation: meta.generation, registers, partial: false, ...rich };
}

function storedValue(document: StoredDocument, unknown: ReadonlyMap<Path, Json>, path: Path): Json | undefined {
  const hidden = unknown.get(path);
  if (hidden !== undefined) return hidden;
  if (path === DELETED) return document._deleted;
  const name = attachmentName(path);
  return name === undefined ? valueAt(document, path) : attachmentValue(document, name);
}

/** A document as replication sees it. */
export interface LocalRow {
  readonly id: string;
  readonly state: State;
  readonly pending: ReadonlySet<Path>;
  /** The server's commit number that the row was last seen with; undefined: never. */
  readonly seq: number | undefined;
  /** How often the row went back to what the server holds. */
  readonly replaced: number;
  readonly batches: ReadonlySet<string>;
  readonly document: StoredDocument;
}

/** A row from the server. */
export interface RemoteRow {
  readonly id: string;
  readonly seq: number;
  /** Of a delta: the seq of the row that it adds to. */
  readonly base?: number | undefined;
  readonly state: State;
  /** Deltas that come on top of that, in their order. */
  readonly onTop?: readonly State[] | undefined;
}

export function toLocalRow(plan: DocumentPlan, document: StoredDocument): LocalRow {
  return new StoredRow(plan, document);
}

const NONE: ReadonlySet<never> = new Set();

/** Its meta is unpacked only for who asks: most rows that are pushed, and acknowledged, go as they are stored. */
class StoredRow implements LocalRow {
  readonly id: string;
  readonly document: StoredDocument;
  private readonly plan: DocumentPlan;
  private unpacked: MutableRowMeta | undefined;
  private knownState: State | undefined;

  constructor(plan: DocumentPlan, document: StoredDocument) {
    this.id = idOf(plan, document);
    this.document = document;
    this.plan = plan;
  }

  get state(): State {
    this.knownState ??= toState(this.document, this.meta);
    return this.knownState;
  }

  get pending(): ReadonlySet<Path> {
    return this.meta.pending;
  }

  get seq(): number | undefined {
    const packed = rowMetaOf(this.document);
    return packed === undefined ? this.meta.seq : packed.seq;
  }

  get replaced(): number {
    return rowMetaOf(this.document)?.replaced ?? 0;
  }

  get batches(): ReadonlySet<string> {
    return rowMetaOf(this.document)?.batches === undefined ? NONE : this.meta.batches;
  }

  private get meta(): MutableRowMeta {
    this.unpacked ??= readRowMeta(this.plan, this.document);
    return this.unpacked;
  }
}

export function idOf(plan: DocumentPlan, document: StoredDocument): string {
  return document[plan.primaryKey] as string;
}

/** What is replicated of an attachment beside its bytes. */
export function attachmentValue(document: StoredDocument, name: string): Json | undefined {
  const attachments = document._attachments ?? {};
  if (!Object.hasOwn(attachments, name)) return undefined;
  const { digest, length, type } = attachments[name] as { digest: string; length: number; type: string };
  return { digest, length, type };
}

/**
 * The state, and the values of the stored document that were never stamped: a migration strategy filled them in. Every
 * device's migration does so by itself, so they are shown but not replicated.
 */
function withUnstamped(state: State, plan: DocumentPlan, stored: StoredDocument | undefined): State {
  if (stored === undefined) return state;
  const meta = readRowMeta(plan, stored);
  if (isVoid(meta)) return state;
  const { stamps } = meta;
  const registers = new Map(state.registers);
  for (const [path, value] of readDocument(plan, stored, stored).leaves) {
    if (!stamps.has(path) && !registers.has(path)) registers.set(path, { stamp: NO_STAMP, value });
  }
  return registers.size === state.registers.size ? state : { ...state, registers };
}

export interface RowTarget {
  readonly plan: DocumentPlan;
  readonly id: string;
  readonly previous: StoredDocument | undefined;
  readonly pending: ReadonlySet<Path>;
  readonly seq: number | undefined;
  readonly replaced: number;
  readonly batches: ReadonlySet<string>;
}

/**
 * The document that shows a state, ready for RxDB but for `_rev` and `lwt`. Registers without a place in this app's
 * schema, and attachments of a deleted document, are kept in the meta. Attachments that are new here have no bytes: the
 * storage puts stand-ins in their place.
 */
export function toDocument(state: State, target: RowTarget): StoredDocument {
  const { plan, id, previous, pending, seq, replaced, batches } = target;
  const fields = assembleFields(withUnstamped(state, plan, previous), (path) => plan.leaves.has(path));
  addRequiredFields(plan, fields);
  const rich = state.rich && richToText(state.rich);
  Object.assign(fields, contentsOf(state, rich, plan, previous));
  const attachments: { [name: string]: Attachment } = {};
  let unknown: Map<Path, Json> | undefined;
  state.registers.forEach(({ value }, path) => {
    if (value === undefined || path === DELETED || plan.leaves.has(path)) return;
    const name = attachmentName(path);
    const isShown = name !== undefined && plan.attachments && !isDeleted(state);
    const attachment = isShown ? toAttachment(name, value, previous) : undefined;
    if (name !== undefined && attachment !== undefined) attachments[name] = attachment;
    else {
      unknown ??= new Map();
      unknown.set(path, value);
    }
  });
  const { generation } = state;
  const stamps = stampsOf(state);
  const meta = { stamps, generation, pending, seq, unknown: unknown ?? NO_VALUES, rich, replaced, batches };
  // Into the object that the fields are in: another one for each row would cost as much as all of the above.
  return Object.assign(fields as { [field: string]: unknown }, {
    [plan.primaryKey]: id,
    _deleted: isDeleted(state),
    _attachments: attachments,
    _rev: previous?._rev ?? '',
    _meta: { ...previous?._meta, lwt: previous?._meta.lwt ?? 0, ...metaEntry(packRowMeta(meta)) },
  });
}

const NO_VALUES: ReadonlyMap<Path, Json> = new Map();

function stampsOf({ registers }: State): Stamps {
  return { keys: () => registers.keys(), get: (path) => registers.get(path)?.stamp };
}

type Attachment = StoredDocument['_attachments'][string];

/** Undefined: another app's version may have made something of it that this one cannot show. */
function toAttachment(name: string, value: Json, previous: StoredDocument | undefined): Attachment | undefined {
  // As it is stored, with whatever a migration brings along.
  if (previous && sameValue(attachmentValue(previous, name), value)) return previous._attachments[name];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { digest, length, type } = value;
  const isWhole = isDigest(digest) && typeof length === 'number' && typeof type === 'string';
  return isWhole ? { digest, length, type } : undefined;
}

/**
 * The tombstone of a document that is neither here nor on the server, or may not be read here: an insert over it is as if it
 * had never been.
 */
export function toVoid(
  { plan, id, previous, replaced }: Pick<RowTarget, 'plan' | 'id' | 'previous' | 'replaced'>,
  revokedAt?: number,
) {
  const mark = revokedAt === undefined ? {} : { revokedAt };
  const meta = { ...packRowMeta({ ...emptyRowMeta(), replaced }), ...mark };
  return {
    [plan.primaryKey]: id,
    _deleted: true,
    _attachments: {},
    _rev: previous?._rev ?? '',
    _meta: { ...(previous?._meta ?? {}), lwt: previous?._meta.lwt ?? 0, ...metaEntry(meta) },
  } as StoredDocument;
}

/** A document's fields without RxDB's own. */
export function plainFields(document: StoredDocument): JsonObject {
  return Object.fromEntries(Object.entries(document).filter(([name]) => !isOwnProperty(name))) as JsonObject;
}

/** What the fields show that are no registers. */
function contentsOf(
  state: State,
  rich: string | undefined,
  { kinds }: DocumentPlan,
  previous: StoredDocument | undefined,
): { [field: string]: Json } {
  const contents: { [field: string]: Json } = {};
  const unread: [string, RichKind][] = [];
  const isUnchanged = previous !== undefined && rowMetaOf(previous)?.rich === rich;
  for (const [field, kind] of kinds) {
    if (!isRichKind(kind)) contents[field] = readCounter(state, field);
    // Loading Yjs is the dear part of a merge: most merges are about other fields.
    else if (isUnchanged && Object.hasOwn(previous, field)) contents[field] = previous[field] as Json;
    else unread.push([field, kind]);
  }
  return unread.length === 0 ? contents : { ...contents, ...readRich(state.rich, unread) };
}
