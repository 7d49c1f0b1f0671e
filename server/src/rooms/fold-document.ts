import {
  combineRich,
  decodeStored,
  diffSince,
  encodeState,
  type JsonObject,
  MalformedError,
  MissingBaseError,
  type State,
  sameBytes,
  vectorOf,
} from '@breakwater/crdt';
import * as Y from 'yjs';
import { commitPermitted } from '../commit-permitted.ts';
import type { Definitions } from '../definitions.ts';
import type { Labels } from '../labels.ts';
import type { NewsRow } from '../news.ts';
import type { RowLabels } from '../row-labels.ts';
import type { Decide, Decision, RowKey, Store, StoredRow } from '../store.ts';

export interface FoldDocumentOptions {
  readonly store: Pick<Store, 'commit'>;
  readonly tenant: string;
  readonly key: RowKey;
  readonly generation: string;
  readonly doc: Y.Doc;
  readonly definitions: Pick<Definitions, 'documentOf' | 'complete'>;
  readonly maxRowBytes: number;
  readonly labels: RowLabels;
}

export type FoldOutcome =
  | { readonly kind: 'written'; readonly rows: readonly NewsRow[]; readonly rich: Uint8Array }
  /** The row has it all. */
  | { readonly kind: 'nothing-new' }
  /** There is no row of this generation any more. */
  | { readonly kind: 'gone' }
  /** The row would be larger than rows may be. */
  | { readonly kind: 'too-large' };

/** A merged row, not written yet. */
interface Folded {
  readonly state: State;
  readonly rich: Uint8Array;
  readonly delta: NewsRow['delta'];
}

/** Brings what is in a room's document into its row: a commit like any other. @throws StorageError, LabelsError */
export async function foldDocument(options: FoldDocumentOptions): Promise<FoldOutcome> {
  const { store, tenant, key, labels } = options;
  const decideFold: Decide<Decided> = ([stored]) => decide(options, stored);
  const { result, rows } = await commitPermitted([labels], decideFold, (decideNow) =>
    store.commit(tenant, [key], decideNow),
  );
  if (result.kind !== 'folded') return result;
  const { rich, delta } = result.folded;
  return { kind: 'written', rows: rows.map((row) => ({ ...row, delta })), rich };
}

type Decided = Exclude<FoldOutcome, { kind: 'written' }> | { readonly kind: 'folded'; readonly folded: Folded };

function decide(options: FoldDocumentOptions, stored: StoredRow | undefined): Decision<Decided> {
  const { key, generation, doc, definitions, maxRowBytes } = options;
  if (stored === undefined) return answer({ kind: 'gone' });
  const before = decodeStored(stored.state);
  if (before.generation !== generation) return answer({ kind: 'gone' });
  const rich = combine(before.rich, doc);
  if (rich === 'too-large') return answer({ kind: 'too-large' });
  if (rich === undefined || sameBytes(rich, before.rich)) return answer({ kind: 'nothing-new' });
  const state = { ...before, rich };
  const bytes = encodeState(state);
  if (bytes.length > maxRowBytes) return answer({ kind: 'too-large' });
  const document = definitions.complete(key, definitions.documentOf(key, state));
  const { deleted } = stored;
  const labels = deleted ? stored.labels : labelsFor(options, stored, document);
  const folded: Folded = { state, rich, delta: deltaSince(before, rich, stored.seq, bytes.length) };
  return {
    writes: [{ ...key, deleted, labels, doc: JSON.stringify(document), state: bytes }],
    result: { kind: 'folded', folded },
  };
}

/** What is typed already must not be lost because the hook trips over it. */
function labelsFor({ labels, key }: FoldDocumentOptions, stored: StoredRow, document: JsonObject): Labels {
  const answer = labels.of(key, document);
  return answer.kind === 'labels' ? answer.labels : stored.labels;
}

function answer(result: Decided): Decision<Decided> {
  return { writes: [], result };
}

function combine(rich: Uint8Array | undefined, doc: Y.Doc): Uint8Array | undefined | 'too-large' {
  const update = Y.encodeStateAsUpdate(doc);
  try {
    return combineRich(rich === undefined ? [update] : [rich, update]);
  } catch (error) {
    // What came into the room was looked into piece by piece; together it may be too many pieces.
    if (error instanceof MalformedError || error instanceof MissingBaseError) return 'too-large';
    throw error;
  }
}

/** Who has the row as it was needs no more than this. Undefined: the whole row is no larger. */
function deltaSince(before: State, rich: Uint8Array, base: number, wholeBytes: number): NewsRow['delta'] {
  const news = before.rich === undefined ? rich : diffSince(rich, vectorOf(before.rich));
  const { generation } = before;
  const bytes = encodeState({
    generation,
    registers: new Map(),
    partial: true,
    ...(news === undefined ? {} : { rich: news }),
  });
  return bytes.length < wholeBytes ? { base, bytes } : undefined;
}
