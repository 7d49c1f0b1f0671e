import type { DatabaseSync } from 'node:sqlite';
import { MAX_ROW_LABELS } from './limits.ts';
import type { PageQuery, PageRow, PlaceQuery, Revocation, RowKey, RowPlace, StoredRow, StorePage } from './store.ts';

export interface SqliteReader {
  row(tenant: string, key: RowKey): StoredRow | undefined;
  place(tenant: string, key: RowKey): Place | undefined;
  head(tenant: string, collection: string): number;
  page(tenant: string, collection: string, query: PageQuery): StorePage;
  places(query: PlaceQuery): readonly RowPlace[];
}

/** A row, and where it lies: the quickest way to it for the rest of the transaction. */
export interface Place {
  readonly rowid: number;
  readonly row: StoredRow;
}

/** Bounds the time of a page whose reader may read little of what there is. */
const MAX_ROWS_LOOKED_AT = 5_000;
const MAX_BYTES_LOOKED_AT = 8 * 1024 * 1024;

/** Labels that rows have left, of a page. More than a row may have, or a page might get nowhere. */
const MAX_LEFT_LOOKED_AT = 2 * MAX_ROW_LABELS;

type SqlRow = readonly [rowid: number, seq: number, deleted: number, state: Uint8Array, labels: string];

type SqlPageRow = {
  readonly id: string;
  readonly seq: number;
  readonly deleted: number;
  readonly state: Uint8Array;
  readonly labels: string;
};

type SqlLeft = { readonly id: string; readonly label: string; readonly seq: number; readonly labels: string };

export function openReader(database: DatabaseSync): SqliteReader {
  const selectRow = database.prepare(
    'SELECT rowid, seq, deleted, state, labels FROM rows WHERE tenant = ? AND collection = ? AND id = ?',
  );
  // An object for each row takes a third of the time of reading it.
  selectRow.setReturnArrays(true);
  const selectHead = database.prepare('SELECT seq FROM counters WHERE tenant = ? AND collection = ?');
  const selectAfter = database.prepare(
    'SELECT id, seq, deleted, state, labels FROM rows WHERE tenant = ? AND collection = ? AND seq > ? ORDER BY seq',
  );
  const inOrder = 'deleted = 0 ORDER BY tenant, collection, id LIMIT ?';
  const selectFirst = database.prepare(`SELECT tenant, collection, id FROM rows WHERE ${inOrder}`);
  const selectBehind = database.prepare(
    `SELECT tenant, collection, id FROM rows WHERE (tenant, collection, id) > (?, ?, ?) AND ${inOrder}`,
  );
  const selectLeft = database.prepare(`
    SELECT id, label, labels_left.seq, rows.labels FROM labels_left JOIN rows USING (tenant, collection, id)
    WHERE tenant = ? AND collection = ? AND labels_left.seq > ? AND labels_left.seq <= ? ORDER BY labels_left.seq
  `);

  const parseLabels = createLabelParser();

  return {
    row: (tenant, key) => place(tenant, key)?.row,
    places({ after, maxRows }) {
      const found =
        after === undefined
          ? selectFirst.all(maxRows)
          : selectBehind.all(after.tenant, after.collection, after.id, maxRows);
      return found.map((row) => ({ ...row })) as unknown as RowPlace[];
    },
    place,
    head,
    page(tenant, collection, query) {
      const mayRead = labelFilter(query.labels);
      const found = selectAfter.iterate(tenant, collection, query.after) as Iterable<SqlPageRow>;
      const page = cutPage(found, query, mayRead);
      // The last commits may have been of rows that were purged since.
      const whole = page.last ? { ...page, checkpoint: Math.max(query.after, head(tenant, collection)) } : page;
      if (query.after === 0) return whole;
      const left = selectLeft.iterate(tenant, collection, query.after, whole.checkpoint) as Iterable<SqlLeft>;
      return withRevoked(whole, left, query.labels, mayRead);
    },
  };

  function place(tenant: string, { collection, id }: RowKey): Place | undefined {
    const found = selectRow.get(tenant, collection, id) as unknown as SqlRow | undefined;
    if (found === undefined) return undefined;
    const [rowid, seq, deleted, state, labels] = found;
    return { rowid, row: { seq, deleted: deleted === 1, state, labels: parseLabels(labels) } };
  }

  function head(tenant: string, collection: string): number {
    const counter = selectHead.get(tenant, collection) as { readonly seq: number } | undefined;
    return counter?.seq ?? 0;
  }
}

type MayRead = (rowLabels: string) => boolean;

function cutPage(found: Iterable<SqlPageRow>, query: PageQuery, mayRead: MayRead): StorePage {
  const rows: PageRow[] = [];
  let bytes = 0;
  let rowsLookedAt = 0;
  let bytesLookedAt = 0;
  let checkpoint = query.after;
  for (const { id, seq, deleted, state, labels } of found) {
    const size = state.length + id.length;
    const isReadable = mayRead(labels);
    const isFull = rows.length > 0 && (rows.length >= query.maxRows || bytes + size > query.maxBytes);
    if ((isReadable && isFull) || rowsLookedAt >= MAX_ROWS_LOOKED_AT || bytesLookedAt >= MAX_BYTES_LOOKED_AT) {
      return { rows, checkpoint, last: false };
    }
    if (isReadable) {
      rows.push({ id, seq, deleted: deleted === 1, state });
      bytes += size;
    }
    rowsLookedAt += 1;
    bytesLookedAt += size;
    checkpoint = seq;
  }
  return { rows, checkpoint, last: true };
}

/** A page that would have to tell of too much is cut where it has told of all. */
function withRevoked(
  page: StorePage,
  found: Iterable<SqlLeft>,
  labels: readonly string[],
  mayRead: MayRead,
): StorePage {
  const seqById = new Map<string, number>();
  let lookedAt = 0;
  for (const { id, label, seq, labels: rowLabels } of found) {
    lookedAt += 1;
    if (lookedAt > MAX_LEFT_LOOKED_AT) return cutBefore(seq, page, seqById);
    if (labels.includes(label) && !mayRead(rowLabels)) seqById.set(id, seq);
  }
  return seqById.size === 0 ? page : { ...page, revoked: toRevocations(seqById) };
}

function cutBefore(end: number, { rows }: StorePage, seqById: ReadonlyMap<string, number>): StorePage {
  const revoked = toRevocations(seqById).filter(({ seq }) => seq < end);
  return { rows: rows.filter(({ seq }) => seq < end), revoked, checkpoint: end - 1, last: false };
}

function toRevocations(seqById: ReadonlyMap<string, number>): Revocation[] {
  return [...seqById].map(([id, seq]) => ({ id, seq }));
}

/** Neighbours mostly have the same labels: the last ones are kept. */
function createLabelParser(): (text: string) => readonly string[] {
  let lastText = '[]';
  let last: readonly string[] = [];
  return (text) => {
    if (text !== lastText) last = Object.freeze(JSON.parse(text) as string[]);
    lastText = text;
    return last;
  };
}

/** Most rows of a collection share few sets of labels: each is decided once. */
function labelFilter(labels: readonly string[]): MayRead {
  const readable = new Set(labels);
  const decided = new Map<string, boolean>();
  return (rowLabels) => {
    const known = decided.get(rowLabels);
    if (known !== undefined) return known;
    const mayRead = (JSON.parse(rowLabels) as string[]).some((label) => readable.has(label));
    decided.set(rowLabels, mayRead);
    return mayRead;
  };
}
