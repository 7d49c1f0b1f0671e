import type { DatabaseSync } from 'node:sqlite';
import type { PageQuery, PageRow, RowKey, StoredRow, StorePage } from './store.ts';

export interface SqliteReader {
  row(tenant: string, key: RowKey): StoredRow | undefined;
  head(tenant: string, collection: string): number;
  page(tenant: string, collection: string, query: PageQuery): StorePage;
}

/** Bounds the time of a page whose reader may read little of what there is. */
const MAX_ROWS_LOOKED_AT = 5_000;
const MAX_BYTES_LOOKED_AT = 8 * 1024 * 1024;

type SqlRow = {
  readonly seq: number;
  readonly deleted: number;
  readonly state: Uint8Array;
  readonly labels: string;
};
type SqlPageRow = SqlRow & { readonly id: string };

export function openReader(database: DatabaseSync): SqliteReader {
  const selectRow = database.prepare(
    'SELECT seq, deleted, state, labels FROM rows WHERE tenant = ? AND collection = ? AND id = ?',
  );
  const selectHead = database.prepare('SELECT seq FROM counters WHERE tenant = ? AND collection = ?');
  const selectAfter = database.prepare(
    'SELECT id, seq, deleted, state, labels FROM rows WHERE tenant = ? AND collection = ? AND seq > ? ORDER BY seq',
  );

  return {
    row(tenant, { collection, id }) {
      const row = selectRow.get(tenant, collection, id) as SqlRow | undefined;
      return row === undefined ? undefined : { ...row, deleted: row.deleted === 1, labels: JSON.parse(row.labels) };
    },
    head,
    page(tenant, collection, query) {
      const found = selectAfter.iterate(tenant, collection, query.after) as Iterable<SqlPageRow>;
      const page = cutPage(found, query);
      // The last commits may have been of rows that were purged since.
      return page.last ? { ...page, checkpoint: Math.max(query.after, head(tenant, collection)) } : page;
    },
  };

  function head(tenant: string, collection: string): number {
    const counter = selectHead.get(tenant, collection) as { readonly seq: number } | undefined;
    return counter?.seq ?? 0;
  }
}

function cutPage(found: Iterable<SqlPageRow>, query: PageQuery): StorePage {
  const mayRead = labelFilter(query.labels);
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

/** Most rows of a collection share few sets of labels: each is decided once. */
function labelFilter(labels: readonly string[]): (rowLabels: string) => boolean {
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
