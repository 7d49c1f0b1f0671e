import {
  decodeStored,
  encodeState,
  isDeleted,
  type JsonObject,
  MalformedError,
  MissingBaseError,
  merge,
  NO_STAMP,
  newestStamp,
  parseStamp,
  type State,
  sameState,
} from '@breakwater/crdt';
import type { RowResult } from '@breakwater/protocol';
import { type BlobBudget, createBlobBudget } from './blobs/blob-budget.ts';
import { blobsOf, refuseAttachments, sameBlobs } from './blobs/read-attachments.ts';
import type { Definitions } from './definitions.ts';
import { type Incoming, type Refused, refuse, refuseForbidden, refuseSize } from './inspect-push.ts';
import type { Judge } from './judge.ts';
import { type Labels, labelsText, mayRead } from './labels.ts';
import { MAX_CLOCK_AHEAD_MS, MAX_COMMIT_BYTES } from './limits.ts';
import type { NewsRow } from './news.ts';
import { rowKeyText } from './row-key.ts';
import type { RowLabels, RowLabelsAnswer } from './row-labels.ts';
import type { BlobRef, BlobUse, Commit, CommittedRow, Decision, RowKey, RowWrite, StoredRow } from './store.ts';

export interface PushedRows {
  readonly rows: readonly (Incoming | Refused)[];
  readonly atomic: boolean;
  readonly maxRowBytes: number;
  readonly maxBlobBytes: number;
  /** Of all blobs that the tenant's rows may refer to together, each counted once. */
  readonly maxTenantBlobBytes: number;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly definitions: Pick<Definitions, 'documentOf' | 'complete'>;
  readonly judge: Judge;
  readonly labels: Pick<RowLabels, 'of'>;
  /** What the writer may read; undefined: everything. */
  readonly reader: Labels | undefined;
  /** May the row not be merged now, but some time later? It is then asked for in full. Default: no row is such. */
  readonly isNotYet?: (key: RowKey, state: State) => boolean;
}

/** A result; of a stored row the seq is known only after the commit. */
export type Verdict = Exclude<RowResult, { kind: 'stored' }> | { readonly kind: 'stored'; readonly draft: Draft };

/** One row of the store on its way through a push, which may name it more than once. */
export interface Draft {
  readonly key: RowKey;
  readonly stored: StoredRow | undefined;
  /** The merged state so far; undefined until the stored one is needed. */
  state?: State;
  /** What the stored row refers to, and what the merged one does; undefined until it is needed. */
  blobs?: { readonly before: readonly BlobRef[]; after: readonly BlobRef[] };
  /** The merged state as bytes, once it differs from the stored one. */
  changed?: Uint8Array;
  /** What came in for the row and changed it. */
  readonly changes: Incoming[];
  /** What is written in the changed state, and who may read it. */
  document?: JsonObject;
  labels?: Labels;
}

/** The rows of the store that a push is about, each once. */
export function keysOf(rows: readonly (Incoming | Refused)[]): RowKey[] {
  const keys = new Map<string, RowKey>();
  for (const row of rows) if (row.kind === 'incoming') keys.set(rowKeyText(row.key), row.key);
  return [...keys.values()];
}

/**
 * Merges a push with what is stored: the rows of the first keys, as many as a commit may load. The rows are judged one
 * by one: none of them holds back another.
 */
export function mergePush(
  pushed: PushedRows,
  keys: readonly RowKey[],
  stored: readonly (StoredRow | undefined)[],
  use: BlobUse,
): Decision<Verdict[]> {
  const budget = createBlobBudget(use, pushed.maxTenantBlobBytes);
  const loaded = keys.slice(0, stored.length);
  const drafts = new Map(
    loaded.map((key, i): [string, Draft] => [rowKeyText(key), { key, stored: stored[i], changes: [] }]),
  );
  const result = pushed.rows.map((row) => {
    if (row.kind === 'refused') return row;
    const draft = drafts.get(rowKeyText(row.key));
    return draft === undefined ? leaveOut(pushed) : mergeRow(draft, row, pushed, budget);
  });
  const writes = [...drafts.values()].flatMap((draft) => toWrite(pushed, draft));
  return { writes, result };
}

/**
 * The rows before it have all the bytes that a commit may load. Sent again it comes with fewer others, for whole rows
 * fill a message sooner; each time at least the first row is stored. A batch must come as it is, and so never fits.
 */
function leaveOut({ atomic }: PushedRows): Verdict {
  if (!atomic) return { kind: 'send-full' };
  return refuse('too-large', `the rows that the batch changes have more than ${MAX_COMMIT_BYTES} bytes`);
}

function mergeRow(draft: Draft, incoming: Incoming, pushed: PushedRows, budget: BlobBudget): Verdict {
  try {
    const current = currentState(draft);
    if (current === undefined || isReadable(draft, pushed)) return mergeWith(current, draft, incoming, pushed, budget);
    if (isToldAgain(current, incoming.state)) return { kind: 'stored', draft };
    // Whatever would become of it if the row were not there; only then it shows that the id is taken.
    const unstored: Draft = { key: draft.key, stored: undefined, changes: [] };
    const verdict = mergeWith(undefined, unstored, incoming, pushed, budget);
    if (verdict.kind !== 'stored') return verdict;
    budget.change(unstored.blobs?.after ?? [], []);
    return refuseForbidden();
  } catch (error) {
    if (error instanceof MissingBaseError) return { kind: 'send-full' };
    if (error instanceof MalformedError)
      return refuse('malformed', `the row does not merge with the server's: ${error.message}`);
    throw error;
  }
}

/** By whoever wrote it. What an earlier row of the push has made of it changes nothing in that. */
function isReadable({ stored }: Draft, { reader }: PushedRows): boolean {
  return stored === undefined || reader === undefined || mayRead(reader, stored.labels);
}

/**
 * Did the push come before, and the ack get lost? It brings nothing new, and a stamp that is in the row: nobody can guess
 * one.
 */
function isToldAgain(current: State, incoming: State): boolean {
  const isKnown = [...incoming.registers].some(([path, { stamp }]) => current.registers.get(path)?.stamp === stamp);
  return isKnown && addsNothing(current, incoming);
}

/** What does not merge with the row must be answered as if that were not there. */
function addsNothing(current: State, incoming: State): boolean {
  try {
    return sameState(current, merge(current, incoming));
  } catch (error) {
    if (error instanceof MissingBaseError || error instanceof MalformedError) return false;
    throw error;
  }
}

function mergeWith(
  current: State | undefined,
  draft: Draft,
  incoming: Incoming,
  pushed: PushedRows,
  budget: BlobBudget,
): Verdict {
  const { maxRowBytes, now, definitions, judge } = pushed;
  if (lacksBase(draft, current, incoming)) return { kind: 'send-full' };
  const isNotYet = draft.stored !== undefined && pushed.isNotYet?.(incoming.key, incoming.state) === true;
  if (isNotYet) return { kind: 'send-full' };
  const aheadMs = clockAheadMs(current, incoming.state, now);
  if (aheadMs > MAX_CLOCK_AHEAD_MS) {
    return refuse('clock-ahead', `the write is stamped ${Math.round(aheadMs / 1000)} s ahead of the server's clock`);
  }
  const merged = current === undefined ? incoming.state : merge(current, incoming.state);
  if (current !== undefined && sameState(current, merged)) return { kind: 'stored', draft };
  const document = definitions.documentOf(draft.key, merged);
  // Before anything that tells of the merged row: not everybody may know what they did not write.
  const refused = judge({ incoming, before: current, after: merged, document });
  if (refused !== undefined) return refused;
  // What decodes is canonical: a row that is new keeps its bytes.
  const bytes = current === undefined ? incoming.row.bytes : encodeState(merged);
  if (bytes.length > maxRowBytes) return refuseSize(bytes.length, maxRowBytes);
  const answer = labelsFor(draft, merged, document, pushed);
  if (answer.kind === 'refused') return answer;
  const unfit = refuseAttachments(current, merged, pushed) ?? changeBlobs(draft, current, merged, budget);
  if (unfit !== undefined) return unfit;
  draft.state = merged;
  draft.changed = bytes;
  draft.changes.push(incoming);
  draft.document = document;
  draft.labels = answer.labels;
  return { kind: 'stored', draft };
}

/** A deleted document says little of who read it, a shrunk one nothing: they all have to hear of it. */
function labelsFor({ key, stored }: Draft, merged: State, document: JsonObject, pushed: PushedRows): RowLabelsAnswer {
  if (stored !== undefined && isDeleted(merged)) return { kind: 'labels', labels: stored.labels };
  return pushed.labels.of(key, pushed.definitions.complete(key, document));
}

/** The last thing that may refuse a row: what the budget has granted counts for the rows after it. */
function changeBlobs(draft: Draft, before: State | undefined, after: State, budget: BlobBudget): Refused | undefined {
  const blobs = draft.blobs ?? blobsBefore(before);
  const next = blobsOf(after);
  const refused = budget.change(blobs.after, next);
  if (refused === undefined) draft.blobs = { ...blobs, after: next };
  return refused;
}

function blobsBefore(stored: State | undefined): { before: readonly BlobRef[]; after: readonly BlobRef[] } {
  const before = stored === undefined ? [] : blobsOf(stored);
  return { before, after: before };
}

function currentState(draft: Draft): State | undefined {
  if (draft.state === undefined && draft.stored !== undefined) draft.state = decodeStored(draft.stored.state);
  return draft.state;
}

/**
 * How far the writer's newest stamp is ahead of the server. A stamp that the row already has is none of this writer's
 * doing, and what edits that row has to be stamped after it (a full counter carries into the next millisecond).
 */
function clockAheadMs(current: State | undefined, incoming: State, now: number): number {
  const newest = newestStamp(incoming);
  if (newest === NO_STAMP) return 0;
  const { ms } = parseStamp(newest);
  return current !== undefined && ms <= newestMs(current) + 1 ? 0 : ms - now;
}

function newestMs(state: State): number {
  const newest = newestStamp(state);
  return newest === NO_STAMP ? 0 : parseStamp(newest).ms;
}

/** A delta is of use only on top of the row that it was cut from, or a later one. */
function lacksBase(draft: Draft, current: State | undefined, { state, row }: Incoming): boolean {
  return state.partial && (current === undefined || (row.base ?? 0) > (draft.stored?.seq ?? 0));
}

function toWrite({ definitions }: PushedRows, draft: Draft): RowWrite[] {
  const { key, state, changed, document, labels, blobs = blobsBefore(undefined) } = draft;
  if (state === undefined || changed === undefined || document === undefined || labels === undefined) return [];
  const doc = JSON.stringify(definitions.complete(key, document));
  const write = { ...key, deleted: isDeleted(state), doc, state: changed, labels };
  return [sameBlobs(blobs.before, blobs.after) ? write : { ...write, blobs: blobs.after }];
}

/** The rows of a push after its commit, as what is new in each, where that is known and shorter than the row. */
export function newsOf({ result, rows }: Commit<readonly Verdict[]>): NewsRow[] {
  const drafts = new Map<string, Draft>();
  for (const verdict of result) if (verdict.kind === 'stored') drafts.set(rowKeyText(verdict.draft.key), verdict.draft);
  return rows.map((row) => {
    const delta = deltaOf(row, drafts.get(rowKeyText(row)));
    return delta === undefined ? row : { ...row, delta };
  });
}

/** Who hears of the row for the first time has nothing to add a delta to. */
function deltaOf(row: CommittedRow, draft: Draft | undefined): NewsRow['delta'] {
  const { stored, changes: [change, ...others] = [] } = draft ?? {};
  if (stored === undefined || change === undefined || others.length > 0 || !change.state.partial) return undefined;
  // A tombstone may have been shrunk, of which nobody was told.
  if (stored.deleted) return undefined;
  const { bytes } = change.row;
  if (bytes.length >= row.state.length || labelsText(stored.labels) !== labelsText(row.labels)) return undefined;
  return { base: stored.seq, bytes };
}

/** The results of a push after its commit, for somebody with these labels; undefined: for who reads everything. */
export function resultsOf({ result, rows }: Commit<readonly Verdict[]>, reader: Labels | undefined): RowResult[] {
  const committed = new Map(rows.map((row): [string, CommittedRow] => [rowKeyText(row), row]));
  return result.map((verdict) => {
    if (verdict.kind !== 'stored') return verdict;
    const { key, stored } = verdict.draft;
    const now = committed.get(rowKeyText(key)) ?? stored;
    const isRevoked = reader !== undefined && now !== undefined && !mayRead(reader, now.labels);
    return { kind: 'stored', seq: now?.seq ?? 0, ...(isRevoked ? { isRevoked } : {}) };
  });
}
