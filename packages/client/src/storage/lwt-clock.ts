import { getChangedDocumentsSince } from 'rxdb';
import type { Instance } from './instance.ts';

/**
 * RxDB's last write time, kept monotonic: it is Date.now(), and a device clock that is set back would make every scan
 * for what has changed since miss rows.
 */
export interface LwtClock {
  /** Greater than every lwt issued or seen so far; milliseconds with two decimals. */
  next(): number;
  observe(lwt: number): void;
  readonly newest: number;
}

/** The least distance of two lwt that RxDB's index keeps apart. */
const STEP = 0.01;

export function createLwtClock(now: () => number, newest: number): LwtClock {
  let last = newest;
  return {
    next() {
      last = Math.max(now(), Math.round((last + STEP) * 100) / 100);
      return last;
    },
    observe(lwt) {
      if (lwt > last) last = lwt;
    },
    get newest() {
      return last;
    },
  };
}

/** The newest lwt in the storage, looked for only among those later than now: normally one look at nothing. */
export async function newestLwt(instance: Instance, now: () => number): Promise<number> {
  let checkpoint = { id: '', lwt: now() };
  for (;;) {
    const page = await getChangedDocumentsSince(instance, 1_000, checkpoint);
    if (page.documents.length === 0) return checkpoint.lwt;
    checkpoint = page.checkpoint as typeof checkpoint;
  }
}
