import type { DatabaseSync } from 'node:sqlite';
import { rowKeyText } from './row-key.ts';
import type { SqliteReader } from './sqlite-reader.ts';
import type { Commit, CommitOptions, CommittedRow, Decide, RowKey, RowWrite, StoredRow } from './store.ts';

export interface SqliteWriter {
  /** Must run inside a transaction. */
  write<T>(tenant: string, keys: readonly RowKey[], decide: Decide<T>, options?: CommitOptions): Commit<T>;
}

/** `now` answers milliseconds since 1970. */
export function openWriter(database: DatabaseSync, reader: SqliteReader, now: () => number): SqliteWriter {
  const writeRow = database.prepare(`
    INSERT INTO rows (tenant, collection, id, seq, deleted, doc, state, labels, committed_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (tenant, collection, id) DO UPDATE SET
      seq = excluded.seq, deleted = excluded.deleted, doc = excluded.doc, state = excluded.state,
      labels = excluded.labels, committed_at = excluded.committed_at, shrunk = 0
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
    write(tenant, keys, decide, { maxBytes = Number.POSITIVE_INFINITY } = {}) {
      requireNames(tenant, keys);
      const stored = load(tenant, keys, maxBytes);
      const { writes, result } = decide(stored);
      const unwritten = new Map(keys.slice(0, stored.length).map((key, i) => [rowKeyText(key), stored[i]]));
      const heads = new Map<string, number>();
      const rows = writes.map((write) => {
        const seq = (heads.get(write.collection) ?? reader.head(tenant, write.collection)) + 1;
        heads.set(write.collection, seq);
        return putRow(tenant, { ...write, seq }, takePrevious(unwritten, write));
      });
      for (const [collection, seq] of heads) writeHead.run(tenant, collection, seq);
      return { result, rows };
    },
  };

  function load(tenant: string, keys: readonly RowKey[], maxBytes: number): (StoredRow | undefined)[] {
    const rows: (StoredRow | undefined)[] = [];
    let bytes = 0;
    for (const key of keys) {
      const row = reader.row(tenant, key);
      bytes += row?.state.length ?? 0;
      if (bytes > maxBytes && rows.length > 0) break;
      rows.push(row);
    }
    return rows;
  }

  function putRow(tenant: string, row: CommittedRow, previous: StoredRow | undefined): CommittedRow {
    const { collection, id, seq, deleted, doc, state, labels } = row;
    writeRow.run(tenant, collection, id, seq, deleted ? 1 : 0, doc, state, JSON.stringify(labels), Math.trunc(now()));
    if (previous !== undefined) moveLabels(tenant, row, previous.labels);
    return row;
  }

  /** Remembers at which seq a label was left: who reads by it must be told, whenever they come back. */
  function moveLabels(tenant: string, { collection, id, seq, labels }: CommittedRow, before: readonly string[]): void {
    for (const label of before) if (!labels.includes(label)) writeLeft.run(tenant, collection, id, label, seq);
    for (const label of labels) if (!before.includes(label)) removeLeft.run(tenant, collection, id, label);
  }
}

function takePrevious(unwritten: Map<string, StoredRow | undefined>, write: RowWrite): StoredRow | undefined {
  const key = rowKeyText(write);
  if (!unwritten.has(key)) {
    throw new Error(`a commit writes the row '${write.id}' of ${write.collection} twice, or did not ask for it`);
  }
  const previous = unwritten.get(key);
  unwritten.delete(key);
  return previous;
}

/** SQLite hands text back cut at its first U+0000: such a row would come back under another name. */
function requireNames(tenant: string, keys: readonly RowKey[]): void {
  const names = [tenant, ...keys.flatMap(({ collection, id }) => [collection, id])];
  if (names.some((name) => name.includes('\0'))) throw new RangeError('a name holds the character U+0000');
}
