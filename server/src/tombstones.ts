import { decodeState, encodeState, MalformedError, shrinkTombstone } from '@breakwater/crdt';
import type { Scheduler } from './scheduler.ts';
import type { Store, TombstoneQuery } from './store.ts';

export interface TombstoneOptions {
  /** Days after its last commit until a tombstone is shrunk to id and stamp. From 1; Infinity: never. Default: 30. */
  readonly shrinkAfterDays?: number;
}

export interface ShrinkOptions {
  readonly store: Store;
  readonly scheduler: Scheduler;
  readonly shrinkAfterDays: number;
  readonly log: (line: string) => void;
}

export const DEFAULT_SHRINK_AFTER_DAYS = 30;

export const DAY_MS = 24 * 60 * 60_000;

/** A server that has just started has clients to take back first. In milliseconds. */
export const FIRST_STEP_AFTER_MS = 60_000;

/** When nothing was left to shrink, in milliseconds. */
export const NEXT_RUN_AFTER_MS = 60 * 60_000;

/** Between two steps of a run, in milliseconds: other work comes first. */
export const NEXT_STEP_AFTER_MS = 20;

/** Bounds how long a step keeps everybody else waiting. */
const STEP = { maxRows: 200, maxBytes: 256 * 1024 };

/** @throws RangeError when the number of days makes no sense. */
export function requireShrinkAfterDays(days: number): number {
  if (typeof days === 'number' && days >= 1) return days;
  throw new RangeError(`tombstones.shrinkAfterDays is ${days}; it is a number of days from 1, or Infinity for never`);
}

/** Shrinks old tombstones, every hour and in small steps. The answer stops it. */
export function startShrinking({ store, scheduler, shrinkAfterDays, log }: ShrinkOptions): () => void {
  let isStopped = false;
  let cancel = scheduler.after(FIRST_STEP_AFTER_MS, () => void step());

  return () => {
    isStopped = true;
    cancel();
  };

  async function step(): Promise<void> {
    const count = await tryShrinking();
    if (isStopped) return;
    cancel = scheduler.after(count > 0 ? NEXT_STEP_AFTER_MS : NEXT_RUN_AFTER_MS, () => void step());
  }

  /** How many were shrunk. What fails is tried again with the next run. */
  async function tryShrinking(): Promise<number> {
    try {
      return await store.shrinkTombstones(olderThan(shrinkAfterDays * DAY_MS, scheduler.now()), shrinkBytes);
    } catch (error) {
      if (!isStopped) log(`Shrinking tombstones failed: ${error instanceof Error ? error.message : error}`);
      return 0;
    }
  }
}

/**
 * Drops the tombstones whose last commit is longer ago, in small steps; answers how many there were. Clients that have
 * not heard of them since then must pull everything anew.
 *
 * @throws RangeError when that is less than a day; StorageError
 */
export async function purgeTombstones(store: Store, olderThanMs: number, now: number): Promise<number> {
  if (!(olderThanMs >= DAY_MS && Number.isFinite(olderThanMs))) {
    throw new RangeError(`olderThanMs is ${olderThanMs}; tombstones can be purged once they are a day old (${DAY_MS})`);
  }
  let purged = 0;
  for (;;) {
    const count = await store.purgeTombstones(olderThan(olderThanMs, now));
    if (count === 0) return purged;
    purged += count;
  }
}

function olderThan(ageMs: number, now: number): TombstoneQuery {
  return { committedBefore: now - ageMs, ...STEP };
}

/** A state that does not decode is left as it is, and does not keep the others waiting. */
function shrinkBytes(bytes: Uint8Array): Uint8Array {
  try {
    return encodeState(shrinkTombstone(decodeState(bytes)));
  } catch (error) {
    if (error instanceof MalformedError) return bytes;
    throw error;
  }
}
