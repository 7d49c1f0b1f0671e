import {
  type Clock,
  type DocumentPlan,
  GENERATION,
  merge,
  NO_STAMP,
  type Path,
  type Stamp,
  type State,
  sameBytes,
  sameState,
  segmentsOf,
  stampAt,
  toPath,
  valueAt,
} from '@breakwater/crdt';
import { type BulkWriteRow, createRevision, getHeightOfRevision, type RxCollection } from 'rxdb';
import { filter, map, type Observable } from 'rxjs';
import { untilWritten } from './batches-under-way.ts';
import { changedDocuments, type Locked } from './changed-documents.ts';
import { ACK_CONTEXT, MERGE_CONTEXT, REPLACE_CONTEXT } from './contexts.ts';
import {
  encodeDocument,
  idOf,
  type LocalRow,
  type RemoteRow,
  readRowMeta,
  toDocument,
  toLocalRow,
} from './document-row.ts';
import { createKnownRich } from './known-rich.ts';
import { createLateAcks, type LateAcks } from './late-acks.ts';
import { createRecentDocuments } from './recent-documents.ts';
import { restamp } from './restamp.ts';
import { isRow, packRowMeta, type RowMeta, rowMetaOf, type StoredDocument, setRowMeta } from './row-meta.ts';
import { type RefusedValues, type Replacement, setBack } from './set-back.ts';
import { requireCaptured } from './with-breakwater.ts';

/** The server has stored a row as it was pushed. */
export interface AcknowledgedRow {
  readonly id: string;
  readonly pushed: LocalRow;
  /** What of it went up. Default: all of it. */
  readonly part?: State;
  readonly seq: number;
}

/** A row with stamps from the future. */
export interface LateRow {
  readonly id: string;
  /** The newest stamp that the server has of the row; the new ones come after it. */
  readonly after: Stamp;
}

export interface PendingChange {
  readonly id: string;
  /** Size of the pending part, about; 0: nothing is pending any more. */
  readonly bytes: number;
  /** Height of the revision that this is said of: what is said of an older one comes too late. */
  readonly height: number;
  /** What it belongs to, if it does not stand alone: it goes up with the rest of that only. */
  readonly batches?: readonly string[] | undefined;
}

/**
 * Stores what a user had written, before it is gone from the documents. Asked again about rows that were overtaken: what was
 * stored of `ids` before did not come about.
 */
export type KeepRefused = (refused: readonly RefusedValues[], ids: readonly string[]) => Promise<void>;

/** A collection's storage, read and written for replication. Every write is a compare-and-swap, tried until it holds. */
export interface LocalRows {
  /** Stamps the local writes. */
  readonly clock: Clock;
  /** Every write of this tab up to this last-write time has reached the storage; in RxDB's milliseconds. */
  readonly settledLwt: number;
  read(ids: readonly string[]): Promise<LocalRow[]>;
  /** The same as they were last heard to be written, and read only if that is not known: for what goes up at once. */
  readRecent(ids: readonly string[]): Promise<LocalRow[]>;
  /** What is pending of these rows. */
  pendingOf(ids: readonly string[]): Promise<PendingChange[]>;
  /** A document that was read earlier, as a row. */
  toRow(document: StoredDocument): LocalRow;
  /** The bytes of all there is of a row. */
  encode(row: LocalRow): Uint8Array;
  /** The state vector of what the server has of a row's Yjs state, if that is large. */
  knownOf(row: LocalRow): Uint8Array | undefined;
  /**
   * Merges rows into the storage. With `keepForgotten`, a row that lacks what the server once acknowledged is another one
   * under the same id, made after the first was deleted and purged: it takes the place of the one that is here, and what was
   * pending of that is kept. Without it the server's store may have another life, which has forgotten more than that and
   * counts anew.
   *
   * A delta on what is not here is left out, and its id handed to `onLacking`.
   */
  mergeRows(
    rows: readonly RemoteRow[],
    keepForgotten?: KeepRefused,
    onLacking?: (id: string) => void,
  ): Promise<PendingChange[]>;
  /** Clears what is pending no more, unseen by queries. `isAnotherLife`: the server's store counts anew. */
  acknowledge(
    rows: readonly AcknowledgedRow[],
    options?: { readonly isAnotherLife: boolean },
  ): Promise<PendingChange[]>;
  /** The same for rows that nobody is known to have changed since, and that are no part of a batch; written later. */
  acknowledgeSoon(rows: readonly AcknowledgedRow[]): PendingChange[];
  readonly lateAcks: Pick<LateAcks, 'count' | 'isAllowed' | 'write'>;
  /**
   * Stamps anew what is pending and ahead of the clock as it is now: the server found it to be from the future. Answers
   * the rows that had such stamps.
   */
  restamp(rows: readonly LateRow[]): Promise<PendingChange[]>;
  /**
   * Rows that the server has stored go, for they may not be read here: in one write with the ack, or a crash between the two
   * would leave them here for good. What was changed since goes to `keep`, as with `replace`.
   */
  acknowledgeRevoked(
    rows: readonly AcknowledgedRow[],
    keep: KeepRefused,
    options?: { readonly isAnotherLife: boolean },
  ): Promise<PendingChange[]>;
  /**
   * Rows go back to what the server holds. `keep` stores what the user had written there, before it is gone from the
   * documents.
   */
  replace(rows: readonly Replacement[], keep: KeepRefused): Promise<PendingChange[]>;
  /** What is pending among the rows written after `lwt`, batch by batch; with `whole`, every row counts as pending. */
  scan(lwt: number, whole: boolean): AsyncGenerator<PendingChange[]>;
  /** Every row, tombstones included, batch by batch. */
  all(): AsyncGenerator<LocalRow[]>;
  /** What local writes, of this tab and of others, make pending. */
  readonly localChanges$: Observable<PendingChange[]>;
}

interface Change {
  readonly previous: StoredDocument | undefined;
  readonly document: StoredDocument;
  readonly context: string;
  readonly refused?: RefusedValues | undefined;
}

/** @throws Error when the collection's storage was not wrapped with withBreakwater. */
export function createLocalRows(collection: RxCollection): LocalRows {
  const captured = requireCaptured(collection);
  const { plan, instance } = captured;
  const { database } = collection;
  const knownRich = createKnownRich();
  const lateAcks = createLateAcks(database, captured);
  const recent = createRecentDocuments();
  const locked: Locked = (read) => database.lockedRun(read);

  async function find(ids: readonly string[]): Promise<Map<string, StoredDocument>> {
    const documents = await database.lockedRun(() => instance.findDocumentsById([...ids], true));
    return new Map((documents as StoredDocument[]).map((document) => [idOf(plan, document), refresh(document)]));
  }

  /** With what was acknowledged of it, whether that is written already or not. */
  function refresh(document: StoredDocument): StoredDocument {
    return captured.acknowledged.refresh(document);
  }

  /** Answers the ids whose document was changed by somebody else in between. */
  async function write(changes: readonly Change[], context: string): Promise<string[]> {
    const rows = changes.filter((change) => change.context === context).map(toWriteRow);
    if (rows.length === 0) return [];
    const { error } = await database.lockedRun(() => captured.bulkWrite(rows, context));
    for (const { status, documentId } of error) {
      if (status !== 409) throw new Error(`${collection.name}: storing '${documentId}' failed with status ${status}`);
    }
    return error.map(({ documentId }) => documentId);
  }

  /** In turn: an ack is written under an unchanged revision, as the bytes of attachments are. */
  function update<T extends { readonly id: string }>(...args: Parameters<typeof updateNow<T>>) {
    return captured.inTurn(() => updateNow(...args));
  }

  async function updateNow<T extends { readonly id: string }>(
    items: readonly T[],
    known: ReadonlyMap<string, StoredDocument> | undefined,
    change: (item: T, stored: StoredDocument | undefined) => Change | undefined,
    keep?: KeepRefused,
  ): Promise<PendingChange[]> {
    const done: PendingChange[] = [];
    let left = items;
    let stored = known;
    let isOvertaken = false;
    while (left.length > 0) {
      const current = stored ?? (await find(left.map(({ id }) => id)));
      const changes = left.map((item) => change(item, current.get(item.id))).filter((each) => each !== undefined);
      await untilWritten(
        database.token,
        changes.flatMap(({ previous }) => (previous && rowMetaOf(previous)?.batches) ?? []),
      );
      const refused = changes.flatMap((each) => each.refused ?? []);
      const ids = left.map(({ id }) => id);
      if (refused.length > 0 || isOvertaken) await keep?.(refused, ids);
      const overtaken = new Set<string>();
      for (const context of [MERGE_CONTEXT, ACK_CONTEXT, REPLACE_CONTEXT]) {
        for (const id of await write(changes, context)) overtaken.add(id);
      }
      for (const { document, context } of changes) {
        const id = idOf(plan, document);
        if (overtaken.has(id)) continue;
        done.push(pendingChange(plan, document));
        const meta = context === ACK_CONTEXT ? rowMetaOf(document) : undefined;
        if (meta) captured.acknowledged.remember(document, meta);
      }
      left = left.filter(({ id }) => overtaken.has(id));
      stored = undefined;
      isOvertaken = true;
    }
    return done;
  }

  function mergeRow(remote: RemoteRow, stored: StoredDocument | undefined, mayForget = false): Change {
    knownRich.note(remote.id, remote.state);
    const local = stored && toLocalRow(plan, stored);
    const seq = mayForget ? latest(local?.seq, remote.seq) : remote.seq;
    const { onTop = [] } = remote;
    const state = onTop.reduce(merge, local ? merge(local.state, remote.state) : remote.state);
    const isForgotten = local !== undefined && mayForget && hasForgotten(remote, local, { plan, merged: state });
    const instead = isForgotten ? replacedBy(remote, local) : undefined;
    if (instead !== undefined) return instead;
    const pending = local ? stillPending(local.pending, local.state, state) : NOTHING;
    if (stored && local && sameState(local.state, state)) {
      return silent(plan, stored, { pending, seq, batches: local.batches });
    }
    const { replaced = 0, batches = NO_BATCHES } = local ?? {};
    const target = { plan, id: remote.id, previous: stored, pending, seq, replaced, batches };
    return changeTo(toDocument(state, target), stored, MERGE_CONTEXT);
  }

  /** The document under a new revision. */
  function changeTo(document: StoredDocument, stored: StoredDocument | undefined, context: string): Change {
    document._rev = createRevision(database.token, stored);
    document._meta.lwt = captured.lwt.next();
    return { previous: stored, document, context };
  }

  function restampRow({ id, after }: LateRow, stored: StoredDocument | undefined): Change | undefined {
    if (stored === undefined) return undefined;
    const local = toLocalRow(plan, stored);
    const state = restamp(local.state, local.pending, { clock: captured.clock, after });
    if (state === undefined) return undefined;
    const { seq, replaced, batches } = local;
    const target = { plan, id, previous: stored, pending: new Set(local.pending), seq, replaced, batches };
    return changeTo(toDocument(state, target), stored, MERGE_CONTEXT);
  }

  /** A row that was purged meanwhile has nothing to go back from. */
  function replaceRow(replacement: Replacement, stored: StoredDocument | undefined): Change | undefined {
    const { id, server } = replacement;
    if (stored === undefined) return server && mergeRow(server, stored);
    if (server !== undefined) knownRich.note(id, server.state);
    return changeBack(toLocalRow(plan, stored), replacement);
  }

  function replacedBy(server: RemoteRow, local: LocalRow): Change | undefined {
    return changeBack(local, { id: server.id, server });
  }

  function changeBack(local: LocalRow, replacement: Replacement): Change | undefined {
    const result = setBack(local, replacement, captured);
    return result && { ...changeTo(result.document, local.document, REPLACE_CONTEXT), refused: result.refused };
  }

  /** A row that was purged meanwhile needs no ack. */
  function acknowledgeRow(
    { id, pushed, part: pushedPart, seq: acknowledged }: AcknowledgedRow,
    stored: StoredDocument | undefined,
    isAnotherLife: boolean,
  ): Change | undefined {
    if (stored === undefined) return undefined;
    noteKnown(pushed);
    const seq = isAnotherLife ? acknowledged : latest(rowMetaOf(stored)?.seq, acknowledged);
    // The very document that was pushed has nothing newer.
    if (stored === pushed.document) return silent(plan, stored, { pending: NOTHING, seq });
    const { state, pending, batches, replaced } = toLocalRow(plan, stored);
    const part = pushedPart ?? pushed.state;
    // It went back while it was on its way: what is on the server now is not here any more.
    const isMissing = replaced !== pushed.replaced && !(part.partial && part.generation > state.generation);
    // It was revoked by a later commit of the same store, and the ack of this one is late.
    if (isMissing && acknowledged <= (rowMetaOf(stored)?.revokedAt ?? 0)) return undefined;
    if (isMissing) return mergeRow({ id, seq, state: part }, stored);
    const left = [...pending].filter((path) => !isAcknowledged(plan, path, state, pushed.state));
    const others = [...batches].filter((batch) => !pushed.batches.has(batch));
    return silent(plan, stored, { pending: new Set(left), seq, batches: new Set(others) });
  }

  function noteRecent(document: StoredDocument): PendingChange {
    const change = pendingChange(plan, document);
    if (change.bytes > 0) recent.note(change.id, document, change.bytes);
    else recent.drop(change.id);
    return change;
  }

  /** The server has all of it. */
  function noteKnown(row: LocalRow): void {
    if (rowMetaOf(row.document)?.rich !== undefined) knownRich.note(row.id, row.state);
  }

  function acknowledgeLater({ pushed, seq: acknowledged }: AcknowledgedRow): PendingChange {
    noteKnown(pushed);
    recent.drop(pushed.id);
    // News may have changed the meta under this revision since it was pushed.
    const document = refresh(pushed.document);
    const seq = latest(rowMetaOf(document)?.seq, acknowledged);
    lateAcks.note(document, settledMeta(plan, document, { pending: NOTHING, seq }));
    return { id: pushed.id, bytes: 0, height: getHeightOfRevision(document._rev) };
  }

  function acknowledgeRevokedRow(
    acknowledged: AcknowledgedRow,
    stored: StoredDocument | undefined,
    isAnotherLife: boolean,
  ): Change | undefined {
    if (stored === undefined) return undefined;
    const { id, pushed, seq } = acknowledged;
    const local = toLocalRow(plan, stored);
    // It went back while it was on its way: nothing of it is here.
    if (local.replaced !== pushed.replaced) return undefined;
    // It came back since.
    if (!isAnotherLife && latest(local.seq, seq) > seq) return acknowledgeRow(acknowledged, stored, isAnotherLife);
    const left = [...local.pending].filter((path) => !isAcknowledged(plan, path, local.state, pushed.state));
    const others = [...local.batches].filter((batch) => !pushed.batches.has(batch));
    const { state, replaced, document } = local;
    const row = { id, state, replaced, document, pending: new Set(left), batches: new Set(others), seq };
    return changeBack(row, { id, server: undefined, isRevoked: true, upToSeq: seq });
  }

  return {
    clock: captured.clock,
    get settledLwt() {
      return captured.lwt.settled;
    },
    async read(ids) {
      return [...(await find(ids)).values()].map((document) => toLocalRow(plan, document));
    },
    async readRecent(ids) {
      const known = ids.flatMap((id) => recent.get(id) ?? []);
      const unknown = ids.filter((id) => recent.get(id) === undefined);
      const found = unknown.length === 0 ? [] : [...(await find(unknown)).values()];
      return [...known.map(refresh), ...found].map((document) => toLocalRow(plan, document));
    },
    pendingOf: async (ids) => [...(await find(ids)).values()].map((document) => pendingChange(plan, document)),
    toRow: (document) => toLocalRow(plan, document),
    encode: ({ document }) => encodeDocument(plan, document),
    knownOf: ({ id, state }) => knownRich.of(id, state.generation),
    mergeRows(rows, keepForgotten, onLacking) {
      const mergeOrLeaveOut = (row: RemoteRow, stored: StoredDocument | undefined) => {
        if (isHere(row, stored)) return mergeRow(row, stored, keepForgotten !== undefined);
        onLacking?.(row.id);
        return undefined;
      };
      return update(rows, undefined, mergeOrLeaveOut, keepForgotten);
    },
    acknowledge(rows, { isAnotherLife } = { isAnotherLife: false }) {
      for (const { id } of rows) recent.drop(id);
      const known = new Map(rows.map(({ id, pushed }) => [id, pushed.document]));
      return update(rows, known, (row, stored) => acknowledgeRow(row, stored, isAnotherLife));
    },
    acknowledgeSoon: (rows) => rows.map(acknowledgeLater),
    lateAcks,
    restamp: (rows) => update(rows, undefined, restampRow),
    acknowledgeRevoked: (rows, keep, { isAnotherLife } = { isAnotherLife: false }) =>
      update(rows, undefined, (row, stored) => acknowledgeRevokedRow(row, stored, isAnotherLife), keep),
    replace: (rows, keep) => update(rows, undefined, replaceRow, keep),
    async *scan(lwt, whole) {
      // Nothing may be written before a mark that the next start scans from.
      captured.lwt.startAfter(lwt);
      for await (const documents of changedDocuments(instance, whole ? 0 : lwt, locked)) {
        const changes = documents.filter(isRow).map((document) => pendingChange(plan, refresh(document)));
        yield whole ? changes.map((each) => ({ ...each, bytes: Math.max(1, each.bytes) })) : changes;
      }
    },
    async *all() {
      for await (const documents of changedDocuments(instance, 0, locked)) {
        yield documents.filter(isRow).map((document) => toLocalRow(plan, refresh(document)));
      }
    },
    localChanges$: instance.changeStream().pipe(
      map(({ events, context }) => {
        if (context === MERGE_CONTEXT || context === REPLACE_CONTEXT) {
          for (const { documentId } of events) recent.drop(documentId);
          return [];
        }
        return events.map(({ documentData }) => noteRecent(documentData as StoredDocument));
      }),
      filter((changes) => changes.length > 0),
    ),
  };
}

/** Is what a delta adds to here, or something later of the same generation? Whole rows add to nothing. */
function isHere({ base, state, onTop = [] }: RemoteRow, stored: StoredDocument | undefined): boolean {
  if (base === undefined) return true;
  const { seq = -1, generation = NO_STAMP } = (stored && rowMetaOf(stored)) ?? {};
  return seq >= base && [state, ...onTop].every((delta) => delta.generation <= generation);
}

/** Another tab may have heard of a later one already; what is here is then as new as that. */
function latest(seq: number | undefined, other: number): number {
  return Math.max(seq ?? 0, other);
}

/**
 * Does the server's whole row lack something that it had when the row was last seen here? It never forgets a part of a row:
 * that row was purged.
 */
function hasForgotten(
  { seq, state }: RemoteRow,
  { seq: seenSeq, state: known, pending }: LocalRow,
  { plan, merged }: { readonly plan: DocumentPlan; readonly merged: State },
): boolean {
  if (seenSeq === undefined || seq <= seenSeq || state.partial) return false;
  const isLacking = (path: Path, stamp: Stamp) => !pending.has(path) && stampAt(state, path) < stamp;
  if (isLacking(GENERATION, known.generation)) return true;
  if ([...known.registers].some(([path, { stamp }]) => isLacking(path, stamp))) return true;
  const hasPendingContent = [...plan.kinds.keys()].some((field) => pending.has(toPath([field])));
  return state.generation === known.generation && !hasPendingContent && !sameBytes(merged.rich, state.rich);
}

function toWriteRow({ document, previous }: Change): BulkWriteRow<{ [field: string]: unknown }> {
  return previous ? { document, previous } : { document };
}

/** A register by its stamp; a rich field has none, and its bytes must still be those that were pushed. */
function isAcknowledged({ kinds }: DocumentPlan, path: Path, state: State, pushed: State): boolean {
  if (stampAt(state, path) !== stampAt(pushed, path)) return false;
  const [field = ''] = path.includes('.') ? [] : segmentsOf(path);
  return !kinds.has(field) || sameBytes(state.rich, pushed.rich);
}

/** A pending path that a newer write from elsewhere has won is nothing of ours any more. */
function stillPending(pending: ReadonlySet<Path>, before: State, after: State): Set<Path> {
  return new Set([...pending].filter((path) => stampAt(before, path) === stampAt(after, path)));
}

interface Bookkeeping {
  readonly pending: ReadonlySet<Path>;
  readonly seq: number;
  readonly batches?: ReadonlySet<string>;
}

const NOTHING: ReadonlySet<Path> = new Set();
const NO_BATCHES: ReadonlySet<string> = new Set();

/** The same document with other bookkeeping: `_rev` and `lwt` stay. */
function silent(plan: DocumentPlan, stored: StoredDocument, bookkeeping: Bookkeeping): Change {
  const document = { ...stored };
  setRowMeta(document, settledMeta(plan, stored, bookkeeping), stored._meta.lwt);
  return { previous: stored, document, context: ACK_CONTEXT };
}

function settledMeta(plan: DocumentPlan, stored: StoredDocument, { pending, seq, batches }: Bookkeeping): RowMeta {
  const { pending: _cleared, batches: _left, ...rest } = rowMetaOf(stored) ?? packRowMeta(readRowMeta(plan, stored));
  const belongs = batches !== undefined && batches.size > 0 ? { batches: [...batches].sort() } : {};
  const still = pending.size === 0 ? {} : { pending: [...pending].sort(), ...belongs };
  return { ...rest, seq, ...still };
}

function pendingChange(plan: DocumentPlan, document: StoredDocument): PendingChange {
  const meta = rowMetaOf(document);
  const pending = meta ? (meta.pending ?? []) : [...readRowMeta(plan, document).pending];
  let bytes = 0;
  pending.forEach((path) => {
    bytes += path.length + sizeOf(valueAt(document, path));
  });
  const change = { id: idOf(plan, document), bytes, height: getHeightOfRevision(document._rev) };
  return meta?.batches === undefined ? change : { ...change, batches: meta.batches };
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  return typeof value === 'object' && value !== null ? JSON.stringify(value).length : 4;
}
