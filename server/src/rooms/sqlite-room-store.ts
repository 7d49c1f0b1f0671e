import type { DatabaseSync } from 'node:sqlite';
import type { RoomKey, RoomStore, UnfoldedRoom } from './room-store.ts';

export interface SqliteRooms extends Pick<RoomStore, 'load' | 'unfolded'> {
  /** Answers the number of the last one. Must run inside a transaction, as `fold`. */
  append(tenant: string, room: RoomKey, updates: readonly Uint8Array[]): number;
  fold(...args: Parameters<RoomStore['fold']>): void;
  /** Must run inside a transaction. */
  life(tenant: string, room: RoomKey, draw: () => number): number;
}

export function openSqliteRooms(database: DatabaseSync): SqliteRooms {
  const selectState = database.prepare('SELECT state FROM rooms WHERE tenant = ? AND name = ?');
  const selectUpdates = database.prepare(`
    SELECT "update" FROM room_updates WHERE tenant = ? AND collection = ? AND id = ? AND generation = ? ORDER BY n
  `);
  const selectLast = database.prepare(
    'SELECT max(n) AS last FROM room_updates WHERE tenant = ? AND collection = ? AND id = ?',
  );
  const selectUnfolded = database.prepare(`
    SELECT DISTINCT tenant, collection, id, generation FROM room_updates WHERE collection <> ''
  `);
  const insert = database.prepare(`
    INSERT INTO room_updates (tenant, collection, id, n, generation, "update") VALUES (?, ?, ?, ?, ?, ?)
  `);
  const remove = database.prepare(`
    DELETE FROM room_updates WHERE tenant = ? AND collection = ? AND id = ? AND n <= ?
  `);
  const writeState = database.prepare(`
    INSERT INTO rooms (tenant, name, state) VALUES (?, ?, ?)
    ON CONFLICT (tenant, name) DO UPDATE SET state = excluded.state
  `);
  const selectLife = database.prepare(`
    SELECT life FROM room_lives WHERE tenant = ? AND collection = ? AND id = ? AND generation = ?
  `);
  const writeLife = database.prepare(`
    INSERT OR REPLACE INTO room_lives (tenant, collection, id, generation, life) VALUES (?, ?, ?, ?, ?)
  `);

  return {
    load(tenant, { collection, id, generation }) {
      const found = selectUpdates.all(tenant, collection, id, generation);
      const updates = found.map(({ update }) => update as Uint8Array);
      const state = collection === '' ? selectState.get(tenant, id)?.state : undefined;
      return {
        ...(state === undefined ? {} : { state: state as Uint8Array }),
        updates,
        last: lastOf(tenant, collection, id),
      };
    },
    unfolded: () => selectUnfolded.all().map((room) => ({ ...room }) as unknown as UnfoldedRoom),
    append(tenant, { collection, id, generation }, updates) {
      let n = lastOf(tenant, collection, id);
      for (const update of updates) {
        n += 1;
        insert.run(tenant, collection, id, n, generation, update);
      }
      return n;
    },
    fold(tenant, { collection, id }, { upTo, state }) {
      if (state !== undefined) writeState.run(tenant, id, state);
      remove.run(tenant, collection, id, upTo);
    },
    life(tenant, { collection, id, generation }, draw) {
      const known = selectLife.get(tenant, collection, id, generation);
      if (known !== undefined) return Number(known.life);
      const life = draw();
      writeLife.run(tenant, collection, id, generation, life);
      return life;
    },
  };

  function lastOf(tenant: string, collection: string, id: string): number {
    return Number(selectLast.get(tenant, collection, id)?.last ?? 0);
  }
}
