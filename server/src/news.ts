import { down, type NewRowGroup, type Row } from '@breakwater/protocol';
import { type Labels, labelsText, mayRead } from './labels.ts';
import { MAX_PAGE_BYTES, MAX_PAGE_ROWS } from './limits.ts';
import type { CommittedRow, PageRow, StorePage } from './store.ts';

/** A row of a commit. `delta` is all that is new in it, for those who have the row as it was at the seq `base`. */
export interface NewsRow extends CommittedRow {
  readonly delta?: { readonly base: number; readonly bytes: Uint8Array } | undefined;
}

/** The seqs of one collection that a commit, or a part of it, allocated: without a gap. */
export interface SeqRange {
  readonly first: number;
  readonly last: number;
}

/** What a commit means to the sessions that follow its collections. */
export interface News {
  readonly ranges: ReadonlyMap<string, SeqRange>;
  readonly parts: readonly NewsPart[];
}

/** Some of the news, small enough for one message. */
export interface NewsPart {
  /** Of each collection that the part holds rows of. */
  readonly ranges: ReadonlyMap<string, SeqRange>;
  /**
   * The message for these listeners, which are of one session and of collections of the part; undefined when they may
   * read none of it. Encoded once for all sessions that may read the same.
   */
  frameFor(listeners: readonly Listener[]): NewsFrame | undefined;
}

export interface NewsFrame {
  readonly bytes: Uint8Array;
  /** How many rows are in it. */
  readonly rows: number;
}

/** Who is told of one collection. */
export interface Listener {
  readonly collection: string;
  readonly labels: readonly string[];
  /** Listeners with the same text are told the same. */
  readonly audience: string;
}

/** Names have no U+0000, so that nothing but the same collection and the same labels makes the same text. */
export function audienceOf(collection: string, labels: readonly string[]): string {
  return `${collection}\0${labelsText(labels)}`;
}

/** The rows of a commit, in the order of its writes. */
export function toNews(rows: readonly NewsRow[]): News {
  return { ranges: rangesOf(byCollection(rows)), parts: cut(rows).map(toPart) };
}

/** One message of what a session missed. */
export function encodePage(collection: string, page: StorePage): Uint8Array {
  return encodeGroups([toWireGroup(collection, page)]);
}

export function toWireGroup(
  collection: string,
  {
    rows,
    revoked = [],
    checkpoint,
  }: Pick<StorePage, 'rows' | 'checkpoint'> & { readonly revoked?: StorePage['revoked'] | undefined },
): NewRowGroup {
  return { collection, rows: rows.map(toWireRow), ...(revoked.length === 0 ? {} : { revoked }), checkpoint };
}

export function toWireRow({ id, seq, deleted, state }: PageRow): Row {
  return { id, seq, deleted, bytes: state };
}

/** Whoever hears of a commit as it happens has heard of all before it. */
function toNewsRow(row: NewsRow): Row {
  const { delta, id, seq, deleted } = row;
  return delta === undefined ? toWireRow(row) : { id, seq, base: delta.base, deleted, bytes: delta.bytes };
}

type RowsByCollection = ReadonlyMap<string, readonly NewsRow[]>;

function byCollection(rows: readonly NewsRow[]): RowsByCollection {
  return Map.groupBy(rows, ({ collection }) => collection);
}

/** A commit counts up in each collection, row by row: the first row has the lowest seq, the last one the highest. */
function rangesOf(groups: RowsByCollection): Map<string, SeqRange> {
  return new Map(
    [...groups].map(([collection, rows]) => [collection, { first: rows[0]?.seq ?? 0, last: rows.at(-1)?.seq ?? 0 }]),
  );
}

function cut(rows: readonly NewsRow[]): NewsRow[][] {
  const parts: NewsRow[][] = [];
  let part: NewsRow[] = [];
  let bytes = 0;
  for (const row of rows) {
    const size = (row.delta?.bytes ?? row.state).length + row.id.length;
    if (part.length > 0 && (bytes + size > MAX_PAGE_BYTES || part.length >= MAX_PAGE_ROWS)) {
      parts.push(part);
      part = [];
      bytes = 0;
    }
    part.push(row);
    bytes += size;
  }
  return part.length > 0 ? [...parts, part] : parts;
}

function toPart(rows: readonly NewsRow[]): NewsPart {
  const rowsByCollection = byCollection(rows);
  const ranges = rangesOf(rowsByCollection);
  const frames = new Map<string, NewsFrame | undefined>();

  return {
    ranges,
    frameFor(listeners) {
      const audience = textOf(listeners);
      const known = frames.get(audience);
      if (known !== undefined || frames.has(audience)) return known;
      const frame = encodeFor(listeners);
      frames.set(audience, frame);
      return frame;
    },
  };

  function encodeFor(listeners: readonly Listener[]): NewsFrame | undefined {
    const groups = listeners.flatMap(groupFor);
    if (groups.length === 0) return undefined;
    return { bytes: encodeGroups(groups), rows: groups.reduce((sum, group) => sum + group.rows.length, 0) };
  }

  function groupFor({ collection, labels }: Listener): NewRowGroup[] {
    const news = rowsByCollection.get(collection) ?? [];
    const rows = news.filter((row) => mayRead(labels, row.labels)).map(toNewsRow);
    const revoked = news.filter((row) => isRevoked(row, labels)).map(({ id, seq }) => ({ id, seq }));
    if (rows.length === 0 && revoked.length === 0) return [];
    const checkpoint = ranges.get(collection)?.last ?? 0;
    return [{ collection, rows, ...(revoked.length === 0 ? {} : { revoked }), checkpoint }];
  }
}

function isRevoked({ labels, left = [] }: CommittedRow, reader: Labels): boolean {
  return mayRead(reader, left) && !mayRead(reader, labels);
}

/** One text for all of them; most commits are about one collection. */
function textOf(listeners: readonly Listener[]): string {
  if (listeners.length === 1) return listeners[0]?.audience ?? '';
  return listeners.map(({ audience }) => audience).join('\0');
}

function encodeGroups(groups: readonly NewRowGroup[]): Uint8Array {
  return down.encode({ type: 'rows', groups });
}
