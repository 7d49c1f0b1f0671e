import type { PendingChange } from '../storage/local-rows.ts';

/** The ids of a collection's rows that are still to be pushed. All that grows while there is no link. */
export interface PendingRows {
  readonly rows: number;
  readonly bytes: number;
  update(changes: readonly PendingChange[]): void;
  /** This row must be pushed as a whole, whatever of it is pending. */
  requireWhole(id: string): void;
  isWholeRequired(id: string): boolean;
  /** The whole row was stored. What has changed meanwhile is pending as ever. */
  wholeStored(id: string): void;
  /** There is nothing to push of this row until it changes again. */
  drop(id: string): void;
  /** Up to `limit` ids that nobody has taken; they stay taken until released. */
  take(limit: number): string[];
  release(ids: readonly string[]): void;
}

export function createPendingRows(): PendingRows {
  const bytesById = new Map<string, number>();
  const wholeIds = new Set<string>();
  const takenIds = new Set<string>();
  let bytes = 0;

  function set(id: string, size: number): void {
    bytes += size - (bytesById.get(id) ?? 0);
    if (size > 0) bytesById.set(id, size);
    else bytesById.delete(id);
  }

  return {
    get rows() {
      return bytesById.size;
    },
    get bytes() {
      return bytes;
    },
    update(changes) {
      for (const { id, bytes: size } of changes) set(id, wholeIds.has(id) ? Math.max(1, size) : size);
    },
    requireWhole(id) {
      wholeIds.add(id);
      set(id, bytesById.get(id) ?? 1);
    },
    isWholeRequired: (id) => wholeIds.has(id),
    wholeStored(id) {
      wholeIds.delete(id);
    },
    drop(id) {
      wholeIds.delete(id);
      set(id, 0);
    },
    take(limit) {
      const ids: string[] = [];
      for (const id of bytesById.keys()) {
        if (ids.length === limit) break;
        if (!takenIds.has(id)) ids.push(id);
      }
      for (const id of ids) takenIds.add(id);
      return ids;
    },
    release(ids) {
      for (const id of ids) takenIds.delete(id);
    },
  };
}
