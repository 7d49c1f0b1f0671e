import { down, type Row } from '@breakwater/protocol';
import { labelsText, mayRead } from './labels.ts';
import { MAX_PAGE_BYTES, MAX_PAGE_ROWS } from './limits.ts';
import type { CommittedRow, PageRow } from './store.ts';

/** What a commit means to the sessions that follow one collection. */
export interface News {
  readonly collection: string;
  /** The seqs that the commit allocated, without a gap. */
  readonly first: number;
  readonly last: number;
  readonly parts: readonly NewsPart[];
}

/** Some of the news, small enough for one message. */
export interface NewsPart {
  readonly first: number;
  readonly last: number;
  /** The message for sessions with these labels; undefined when they may read none of it. Encoded once for all of them. */
  frameFor(labels: readonly string[]): Uint8Array | undefined;
}

/** Rows in the order of their seqs, as a commit answers them, become the news of each collection. */
export function toNews(rows: readonly CommittedRow[]): News[] {
  return [...Map.groupBy(rows, ({ collection }) => collection)].map(([collection, ofCollection]) => {
    const parts = cut(ofCollection).map((part) => toPart(collection, part));
    return { collection, first: parts[0]?.first ?? 0, last: parts.at(-1)?.last ?? 0, parts };
  });
}

/** One message of news, or of what a session missed. */
export function encodeRows(collection: string, rows: readonly PageRow[], checkpoint: number): Uint8Array {
  return down.encode({ type: 'rows', groups: [{ collection, rows: rows.map(toWireRow), checkpoint }] });
}

export function toWireRow({ id, seq, deleted, state }: PageRow): Row {
  return { id, seq, deleted, bytes: state };
}

function cut(rows: readonly CommittedRow[]): CommittedRow[][] {
  const parts: CommittedRow[][] = [];
  let part: CommittedRow[] = [];
  let bytes = 0;
  for (const row of rows) {
    const size = row.state.length + row.id.length;
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

function toPart(collection: string, rows: readonly CommittedRow[]): NewsPart {
  const first = rows[0]?.seq ?? 0;
  const last = rows.at(-1)?.seq ?? 0;
  const frames = new Map<string, Uint8Array | undefined>();

  return {
    first,
    last,
    frameFor(labels) {
      const key = labelsText(labels);
      if (!frames.has(key)) frames.set(key, encodeFor(labels));
      return frames.get(key);
    },
  };

  function encodeFor(labels: readonly string[]): Uint8Array | undefined {
    const readable = rows.filter((row) => mayRead(labels, row.labels));
    return readable.length === 0 ? undefined : encodeRows(collection, readable, last);
  }
}
