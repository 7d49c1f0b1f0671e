import type { DatabaseSync } from 'node:sqlite';
import { rowKeyText } from './row-key.ts';
import type { SqliteBlobs } from './sqlite-blobs.ts';
import type { Place, SqliteReader } from './sqlite-reader.ts';
import type { Commit, CommitOptions, CommittedRow, Decide, RowKey, RowWrite } from './store.ts';

export interface SqliteWriter {
  /** Must run inside a transaction. */
  write<T>(tenant: string, keys: readonly RowKey[], decide: Decide<T>, options?: CommitOptions): Commit<T>;
}

/** `now` answers milliseconds since 1970. */
export function openWriter(
  database: DatabaseSync,
  reader: SqliteReader,
  blobs: SqliteBlobs,
  now: () => number,
): SqliteWriter {
  const insertRow = database.prepare(`
    INSERT INTO rows (tenant, collection, id, seq, deleted, doc, state, labels, committed_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
  `);
  const updateRow = database.prepare(`
    UPDATE rows SET seq = ?, deleted = ?, doc = ?, state = ?, labels = ?, committed_at = ?, shrunk = 0 WHERE rowid = ?
  `);
  const writeHead = database.prepare(`
    INSERT INTO counters (tenant, collection, seq) VALUES (?, ?, ?)
    ON CONFLICT (tenant, collection) DO UPDATE SET seq = excluded.seq
  `);
  const writeLeft = database.prepare(`
    INSERT INTO labels_left (tenant, collection, id, label, seq) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (tenant, collection, id, label) DO UPDATE SET seq = excluded.seq
  `);
  const removeLeft = database.prepare(
    'DELETE FROM labels_left WHERE tenant = ? AND collection = ? AND id = ? AND label = ?',
  );

  return {
    write(tenant, keys, decide, { maxBytes = Number.POSITIVE_INFINITY, replica = '' } = {}) {
      requireNames(tenant, keys);
      const places = load(tenant, keys, maxBytes);
      const { writes, result } = decide(
        places.map((place) => place?.row),
        blobs.useOf(tenant),
      );
      const unwritten = new Map(keys.slice(0, places.length).map((key, i) => [rowKeyText(key), places[i]]));
      const heads = new Map<string, number>();
      const rows = writes.map((write) => {
        const seq = (heads.get(write.collection) ?? reader.head(tenant, write.collection)) + 1;
        heads.set(write.collection, seq);
        return putRow(tenant, { ...write, seq }, takePrevious(unwritten, write));
      });
      for (const [collection, seq] of heads) writeHead.run(tenant, collection, seq);
      for (const row of rows) {
        const refs = row.deleted ? [] : row.blobs;
        if (refs !== undefined) blobs.replace(tenant, row, refs, replica);
      }
      return { result, rows };
    },
  };

  function load(tenant: string, keys: readonly RowKey[], maxBytes: number): (Place | undefined)[] {
    const places: (Place | undefined)[] = [];
    let bytes = 0;
    for (const key of keys) {
      const place = reader.place(tenant, key);
      bytes += place?.row.state.length ?? 0;
      if (bytes > maxBytes && places.length > 0) break;
      places.push(place);
    }
    return places;
  }

  function putRow(tenant: string, row: CommittedRow, previous: Place | undefined): CommittedRow {
    const { collection, id, seq, doc, state } = row;
    const deleted = row.deleted ? 1 : 0;
    const labels = JSON.stringify(row.labels);
    const committedAt = Math.trunc(now());
    if (previous === undefined) insertRow.run(tenant, collection, id, seq, deleted, doc, state, labels, committedAt);
    else {
      updateRow.run(seq, deleted, doc, state, labels, committedAt, previous.rowid);
      const left = moveLabels(tenant, row, previous.row.labels);
      if (left.length > 0) return { ...row, left };
    }
    return row;
  }

  /** Remembers at which seq a label was left: who reads by it must be told, whenever they come back. */
  function moveLabels(
    tenant: string,
    { collection, id, seq, labels }: CommittedRow,
    before: readonly string[],
  ): readonly string[] {
    const left = before.filter((label) => !labels.includes(label));
    for (const label of left) writeLeft.run(tenant, collection, id, label, seq);
    for (const label of labels) if (!before.includes(label)) removeLeft.run(tenant, collection, id, label);
    return left;
  }
}

function takePrevious(unwritten: Map<string, Place | undefined>, write: RowWrite): Place | undefined {
  const key = rowKeyText(write);
  const previous = unwritten.get(key);
  if (unwritten.delete(key)) return previous;
  throw new Error(`a commit writes the row '${write.id}' of ${write.collection} twice, or did not ask for it`);
}

/** SQLite hands text back cut at its first U+0000: such a row would come back under another name. */
function requireNames(tenant: string, keys: readonly RowKey[]): void {
  const isCut = (name: string) => name.includes('\0');
  if (isCut(tenant) || keys.some(({ collection, id }) => isCut(collection) || isCut(id))) {
    throw new RangeError('a name holds the character U+0000');
  }
}
