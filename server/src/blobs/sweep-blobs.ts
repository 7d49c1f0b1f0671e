import type { Scheduler } from '../scheduler.ts';
import type { Store } from '../store.ts';
import type { BlobStore } from './blob-store.ts';

export interface SweepOptions {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly scheduler: Scheduler;
  /** How long what no row refers to is kept, in hours. Infinity: for good. */
  readonly keepUnusedHours: number;
  readonly log: (line: string) => void;
}

/** A blob that was replaced by mistake, or a row that comes back, finds its bytes for so long. */
export const DEFAULT_KEEP_UNUSED_HOURS = 24;

export const HOUR_MS = 60 * 60_000;

/** A server that has just started has clients to take back first. In milliseconds. */
export const FIRST_SWEEP_AFTER_MS = 5 * 60_000;

/** From the end of one sweep to the next, in milliseconds. */
export const NEXT_SWEEP_AFTER_MS = HOUR_MS;

/** @throws RangeError when the number of hours makes no sense. */
export function requireKeepUnusedHours(hours: number): number {
  if (typeof hours === 'number' && hours >= 1) return hours;
  throw new RangeError(`blobs.keepUnusedHours is ${hours}; it is a number of hours from 1, or Infinity for good`);
}

/** Removes blobs that no row has referred to for a while, every hour. The answer stops it. */
export function startSweeping({ store, blobs, scheduler, keepUnusedHours, log }: SweepOptions): () => void {
  let isStopped = false;
  let cancel = scheduler.after(FIRST_SWEEP_AFTER_MS, () => void run());

  return () => {
    isStopped = true;
    cancel();
  };

  async function run(): Promise<void> {
    try {
      for (const tenant of store.blobs.tenants()) if (!isStopped) await sweepTenant(tenant);
    } catch (error) {
      report(error);
    }
    if (!isStopped) cancel = scheduler.after(NEXT_SWEEP_AFTER_MS, () => void run());
  }

  function sweepTenant(tenant: string): Promise<void> {
    const olderThan = scheduler.now() - keepUnusedHours * HOUR_MS;
    return blobs.sweep(tenant, {
      olderThan,
      isWanted: (blob) => isStopped || store.blobs.isReferenced(tenant, blob),
      async mayRemove(digest) {
        if (isStopped) return false;
        if (store.blobs.isStored(tenant, digest)) return await store.blobs.dropUnused(tenant, digest, olderThan);
        // Nobody had the time to say that it is there. If no row refers to it, its time begins now.
        await store.blobs.setStored(tenant, digest);
        return false;
      },
      failed: report,
    });
  }

  function report(error: unknown): void {
    if (!isStopped) log(`Removing unused blobs failed: ${error instanceof Error ? error.message : error}`);
  }
}
