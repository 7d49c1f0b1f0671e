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
  /** A write with this lwt is on its way to the storage; the answer is called once it has arrived, or failed. */
  begin(lwt: number): () => void;
  /** Every write of this tab up to here has arrived. */
  readonly settled: number;
}

/** The least distance of two lwt that RxDB's index keeps apart. */
const STEP = 0.01;

export function createLwtClock(now: () => number, newest: number): LwtClock {
  let last = newest;
  const underWay: number[] = [];
  return {
    next() {
      last = Math.max(now(), Math.round((last + STEP) * 100) / 100);
      return last;
    },
    observe(lwt) {
      if (lwt > last) last = lwt;
    },
    begin(lwt) {
      underWay.push(lwt);
      return () => {
        underWay.splice(underWay.indexOf(lwt), 1);
      };
    },
    get settled() {
      return Math.min(last, ...underWay.map((lwt) => lwt - STEP));
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
