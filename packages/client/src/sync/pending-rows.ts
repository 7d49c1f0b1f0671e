import type { PendingChange } from '../storage/local-rows.ts';

/** The ids of a collection's rows that are still to be pushed. All that grows while there is no link. */
export interface PendingRows {
  readonly rows: number;
  readonly bytes: number;
  has(id: string): boolean;
  /** Was a later revision of this row heard of than the one of this height? */
  hasLater(id: string, height: number): boolean;
  update(changes: readonly PendingChange[]): void;
  /** This row must be pushed as a whole, whatever of it is pending. */
  requireWhole(id: string): void;
  isWholeRequired(id: string): boolean;
  /** The whole row was stored. What has changed meanwhile is pending as ever. */
  wholeStored(id: string): void;
  /** There is nothing to push of this taken row, unless it has changed since it was taken. */
  drop(id: string): void;
  /** Up to `limit` ids that nobody has taken, and that are part of no batch; they stay taken until released. */
  take(limit: number): string[];
  /** Takes all of these, or none when somebody has taken one of them. */
  takeAll(ids: readonly string[]): boolean;
  release(ids: readonly string[]): void;
  /** Rows that are part of some batch. */
  batchedIds(): string[];
  isBatched(id: string): boolean;
}

interface Entry {
  readonly bytes: number;
  /** Of the newest revision heard of. An ack and a local write that cross may be heard of in the wrong order. */
  readonly height: number;
  readonly isBatched: boolean;
}

export function createPendingRows(): PendingRows {
  const entryById = new Map<string, Entry>();
  const wholeIds = new Set<string>();
  const takenHeightById = new Map<string, number>();
  let totalBytes = 0;

  function set(id: string, entry: Entry): void {
    totalBytes += entry.bytes - (entryById.get(id)?.bytes ?? 0);
    if (entry.bytes > 0) entryById.set(id, entry);
    else entryById.delete(id);
  }

  function takeOne(id: string): void {
    takenHeightById.set(id, entryById.get(id)?.height ?? 0);
  }

  return {
    get rows() {
      return entryById.size;
    },
    get bytes() {
      return totalBytes;
    },
    has: (id) => entryById.has(id),
    hasLater: (id, height) => (entryById.get(id)?.height ?? 0) > height,
    update(changes) {
      for (const { id, bytes, height, batches } of changes) {
        const isLate = height < (entryById.get(id)?.height ?? 0);
        const isBatched = batches !== undefined;
        if (!isLate) set(id, { bytes: wholeIds.has(id) ? Math.max(1, bytes) : bytes, height, isBatched });
      }
    },
    requireWhole(id) {
      wholeIds.add(id);
      set(id, entryById.get(id) ?? { bytes: 1, height: 0, isBatched: false });
    },
    isWholeRequired: (id) => wholeIds.has(id),
    wholeStored(id) {
      wholeIds.delete(id);
    },
    drop(id) {
      wholeIds.delete(id);
      const hasChanged = (entryById.get(id)?.height ?? 0) > (takenHeightById.get(id) ?? 0);
      if (!hasChanged) set(id, { bytes: 0, height: 0, isBatched: false });
    },
    take(limit) {
      const ids: string[] = [];
      for (const [id, { isBatched }] of entryById) {
        if (ids.length === limit) break;
        if (isBatched || takenHeightById.has(id)) continue;
        takeOne(id);
        ids.push(id);
      }
      return ids;
    },
    takeAll(ids) {
      if (ids.some((id) => takenHeightById.has(id))) return false;
      for (const id of ids) takeOne(id);
      return true;
    },
    batchedIds: () => [...entryById].filter(([, { isBatched }]) => isBatched).map(([id]) => id),
    isBatched: (id) => entryById.get(id)?.isBatched ?? false,
    release(ids) {
      for (const id of ids) takenHeightById.delete(id);
    },
  };
}
