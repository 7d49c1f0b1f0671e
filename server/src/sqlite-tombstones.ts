import type { DatabaseSync } from 'node:sqlite';
import type { TombstoneQuery } from './store.ts';

export interface SqliteTombstones {
  /** Must run inside a transaction. */
  shrink(query: TombstoneQuery, shrink: (state: Uint8Array) => Uint8Array): number;
  /** Must run inside a transaction. */
  purge(query: TombstoneQuery): number;
  purgedBefore(tenant: string, collection: string): number;
}

type Tombstone = {
  readonly tenant: string;
  readonly collection: string;
  readonly id: string;
  readonly seq: number;
  /** Of its state. */
  readonly bytes: number;
};

export function openTombstones(database: DatabaseSync): SqliteTombstones {
  const columns = 'tenant, collection, id, seq, length(state) AS bytes';
  const selectWhole = database.prepare(
    `SELECT ${columns} FROM rows WHERE deleted = 1 AND shrunk = 0 AND committed_at < ? ORDER BY committed_at LIMIT ?`,
  );
  // Naming both values of shrunk lets the index serve, which begins with it.
  const selectAll = database.prepare(
    `SELECT ${columns} FROM rows WHERE deleted = 1 AND shrunk IN (0, 1) AND committed_at < ? LIMIT ?`,
  );
  const selectState = database.prepare('SELECT state FROM rows WHERE tenant = ? AND collection = ? AND id = ?');
  const writeState = database.prepare(
    `UPDATE rows SET state = ?, doc = '{}', shrunk = 1 WHERE tenant = ? AND collection = ? AND id = ?`,
  );
  const removeRow = database.prepare('DELETE FROM rows WHERE tenant = ? AND collection = ? AND id = ?');
  const removeLeft = database.prepare('DELETE FROM labels_left WHERE tenant = ? AND collection = ? AND id = ?');
  const removeLife = database.prepare('DELETE FROM room_lives WHERE tenant = ? AND collection = ? AND id = ?');
  const raisePurged = database.prepare(
    'UPDATE counters SET purged_before = max(purged_before, ?) WHERE tenant = ? AND collection = ?',
  );
  const selectPurged = database.prepare('SELECT purged_before FROM counters WHERE tenant = ? AND collection = ?');

  return {
    shrink(query, shrink) {
      const found = take(selectWhole.iterate(query.committedBefore, query.maxRows), query);
      for (const { tenant, collection, id } of found) {
        const state = selectState.get(tenant, collection, id)?.state as Uint8Array;
        writeState.run(shrink(state), tenant, collection, id);
      }
      return found.length;
    },
    purge(query) {
      const found = take(selectAll.iterate(query.committedBefore, query.maxRows), query);
      for (const { tenant, collection, id, seq } of found) {
        removeRow.run(tenant, collection, id);
        // Who reads by a label that the row has left hears of it by pulling everything anew.
        removeLeft.run(tenant, collection, id);
        removeLife.run(tenant, collection, id);
        raisePurged.run(seq, tenant, collection);
      }
      return found.length;
    },
    purgedBefore(tenant, collection) {
      const counter = selectPurged.get(tenant, collection) as { readonly purged_before: number } | undefined;
      return counter?.purged_before ?? 0;
    },
  };
}

/** As many as fit together, at least one. Read to the end of the step before any of them is changed. */
function take(found: Iterable<unknown>, { maxBytes }: TombstoneQuery): Tombstone[] {
  const taken: Tombstone[] = [];
  let bytes = 0;
  for (const tombstone of found as Iterable<Tombstone>) {
    bytes += tombstone.bytes;
    if (bytes > maxBytes && taken.length > 0) break;
    taken.push(tombstone);
  }
  return taken;
}
