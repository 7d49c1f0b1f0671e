import { type Path, type Stamp, type State, stampAt } from '@breakwater/crdt';
import type { Key } from './definitions.ts';

/** What users wrote as batches, and whether all of a batch can be seen, or nothing. */
export interface BatchBook {
  wrote(batch: string, entry: BatchEntry): void;
  /** All of it is on the device's disk. */
  complete(batch: string): void;
  /** What the device has written of this row is undone, or belongs to the batch no more. */
  undo(batch: string, key: Key): void;
  /** These entries of a batch have got another stamp, or went under in a write that has. */
  move(
    batch: string,
    isMoved: (entry: BatchEntry) => boolean,
    to: { readonly path: Path; readonly stamp: Stamp },
  ): void;
  /** Another write has got the stamp of one that was taken back. */
  forget(key: Key, path: Path, stamp: Stamp): void;
  /** The server has been set back, and the devices bring back row by row what it had, or what had won over a part of it. */
  forgetAll(): void;
  /** What is wrong with the batches that have a part in these rows. */
  faultsOf(holder: string, stateByKey: StateByKey, keys?: Iterable<Key>): string[];
}

export interface BatchEntry {
  readonly key: Key;
  readonly path: Path;
  readonly stamp: Stamp;
  readonly device: string;
}

type StateByKey = ReadonlyMap<Key, State>;

interface Batch {
  entries: BatchEntry[];
  isComplete: boolean;
}

/** `purged` is what the server had of rows that it has dropped. */
export function createBatchBook(purged: StateByKey): BatchBook {
  const batches = new Map<string, Batch>();
  const batchesByKey = new Map<Key, Set<string>>();

  function isSeen(stateByKey: StateByKey, { key, path, stamp }: BatchEntry): boolean {
    const state = stateByKey.get(key);
    return state !== undefined && stampAt(state, path) === stamp;
  }

  function isMissing(stateByKey: StateByKey, { key, path, stamp }: BatchEntry): boolean {
    const isBefore = (state: State | undefined) => state === undefined || stampAt(state, path) < stamp;
    return isBefore(stateByKey.get(key)) && isBefore(purged.get(key));
  }

  return {
    wrote(batch, entry) {
      const known = batches.get(batch) ?? { entries: [], isComplete: false };
      batches.set(batch, known);
      known.entries.push(entry);
      batchesByKey.set(entry.key, (batchesByKey.get(entry.key) ?? new Set()).add(batch));
    },
    complete(batch) {
      const known = batches.get(batch);
      if (known !== undefined) known.isComplete = true;
    },
    undo(batch, key) {
      const known = batches.get(batch);
      if (known !== undefined) known.entries = known.entries.filter((entry) => entry.key !== key);
    },
    move(batch, isMoved, to) {
      const known = batches.get(batch);
      if (known === undefined) return;
      known.entries = known.entries.map((entry) => (isMoved(entry) ? { ...entry, ...to } : entry));
    },
    forget(key, path, stamp) {
      for (const batch of batchesByKey.get(key) ?? []) {
        const known = batches.get(batch);
        if (known === undefined) continue;
        const isForgotten = (entry: BatchEntry) => entry.key === key && entry.path === path && entry.stamp === stamp;
        known.entries = known.entries.filter((entry) => !isForgotten(entry));
      }
    },
    forgetAll: () => batches.clear(),
    faultsOf(holder, stateByKey, keys = batchesByKey.keys()) {
      const names = new Set<string>();
      for (const key of keys) for (const batch of batchesByKey.get(key) ?? []) names.add(batch);
      return [...names].flatMap((name) => {
        const batch = batches.get(name);
        const seen = batch?.entries.find((entry) => isSeen(stateByKey, entry));
        if (batch === undefined || seen === undefined) return [];
        const { entries, isComplete } = batch;
        const missing = isComplete ? entries.find((entry) => isMissing(stateByKey, entry)) : undefined;
        if (missing !== undefined)
          return [`${holder} has half of the batch ${name}: ${show(seen)} without ${show(missing)}`];
        return isComplete ? [] : [`${holder} has ${show(seen)} of the batch ${name}, which is not written yet`];
      });
    },
  };
}

function show({ key, path, stamp }: BatchEntry): string {
  return `${key}.${path} of ${stamp}`;
}
