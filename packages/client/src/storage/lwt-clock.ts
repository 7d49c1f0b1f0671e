import { changedDocuments } from './changed-documents.ts';
import type { Instance } from './instance.ts';

/**
 * RxDB's last write time, kept monotonic: it is Date.now(), and a device clock that is set back would make every scan
 * for what has changed since miss rows.
 */
export interface LwtClock {
  /** Greater than every lwt issued or seen so far; milliseconds with two decimals. */
  next(): number;
  /** A document with this lwt is in the storage. */
  observe(lwt: number): void;
  /** Issues nothing up to this lwt any more. */
  startAfter(lwt: number): void;
  /** A write with this lwt is on its way to the storage; the answer is called once it has arrived, or failed. */
  begin(lwt: number): () => void;
  /**
   * The storage holds a document of this lwt or a later one, and every write of this tab up to here has arrived; 0: none is
   * known of. Not the time itself: the clock may be set back before the next start, which then finds its place by the
   * documents alone.
   */
  readonly settled: number;
}

/** The least distance of two lwt that RxDB's index keeps apart. */
const STEP = 0.01;

export function createLwtClock(now: () => number, newest: number): LwtClock {
  let last = newest;
  let stored = newest;
  const underWay: number[] = [];
  return {
    next() {
      last = Math.max(now(), Math.round((last + STEP) * 100) / 100);
      return last;
    },
    observe(lwt) {
      last = Math.max(last, lwt);
      stored = Math.max(stored, lwt);
    },
    startAfter(lwt) {
      last = Math.max(last, lwt);
    },
    begin(lwt) {
      underWay.push(lwt);
      return () => {
        underWay.splice(underWay.indexOf(lwt), 1);
      };
    },
    get settled() {
      return Math.min(stored, ...underWay.map((lwt) => lwt - STEP));
    },
  };
}

/** The newest lwt in the storage if it is later than now, else 0: normally one look at nothing. */
export async function newestLwt(instance: Instance, now: () => number): Promise<number> {
  let newest = 0;
  for await (const documents of changedDocuments(instance, now())) newest = documents.at(-1)?._meta.lwt ?? newest;
  return newest;
}
