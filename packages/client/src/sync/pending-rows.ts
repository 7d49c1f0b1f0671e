import type { PendingChange } from '../storage/local-rows.ts';

/** The ids of a collection's rows that are still to be pushed. All that grows while there is no link. */
export interface PendingRows {
  readonly rows: number;
  readonly bytes: number;
  has(id: string): boolean;
  update(changes: readonly PendingChange[]): void;
  /** This row must be pushed as a whole, whatever of it is pending. */
  requireWhole(id: string): void;
  isWholeRequired(id: string): boolean;
  /** The whole row was stored. What has changed meanwhile is pending as ever. */
  wholeStored(id: string): void;
  /** There is nothing to push of this taken row, unless it has changed since it was taken. */
  drop(id: string): void;
  /** Up to `limit` ids that nobody has taken; they stay taken until released. */
  take(limit: number): string[];
  release(ids: readonly string[]): void;
}

interface Entry {
  readonly bytes: number;
  /** Of the newest revision heard of. An ack and a local write that cross may be heard of in the wrong order. */
  readonly height: number;
}

export function createPendingRows(): PendingRows {
  const entryById = new Map<string, Entry>();
  const wholeIds = new Set<string>();
  const takenHeightById = new Map<string, number>();
  let totalBytes = 0;

  function set(id: string, bytes: number, height: number): void {
    totalBytes += bytes - (entryById.get(id)?.bytes ?? 0);
    if (bytes > 0) entryById.set(id, { bytes, height });
    else entryById.delete(id);
  }

  return {
    get rows() {
      return entryById.size;
    },
    get bytes() {
      return totalBytes;
    },
    has: (id) => entryById.has(id),
    update(changes) {
      for (const { id, bytes, height } of changes) {
        const isLate = height < (entryById.get(id)?.height ?? 0);
        if (!isLate) set(id, wholeIds.has(id) ? Math.max(1, bytes) : bytes, height);
      }
    },
    requireWhole(id) {
      wholeIds.add(id);
      const entry = entryById.get(id);
      set(id, entry?.bytes ?? 1, entry?.height ?? 0);
    },
    isWholeRequired: (id) => wholeIds.has(id),
    wholeStored(id) {
      wholeIds.delete(id);
    },
    drop(id) {
      wholeIds.delete(id);
      const hasChanged = (entryById.get(id)?.height ?? 0) > (takenHeightById.get(id) ?? 0);
      if (!hasChanged) set(id, 0, 0);
    },
    take(limit) {
      const ids: string[] = [];
      for (const [id, { height }] of entryById) {
        if (ids.length === limit) break;
        if (takenHeightById.has(id)) continue;
        takenHeightById.set(id, height);
        ids.push(id);
      }
      return ids;
    },
    release(ids) {
      for (const id of ids) takenHeightById.delete(id);
    },
  };
}
