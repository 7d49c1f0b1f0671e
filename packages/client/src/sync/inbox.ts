import type { RxDatabase } from 'rxdb';
import { BehaviorSubject, type Observable } from 'rxjs';
import type { RefusedValues } from '../storage/set-back.ts';
import { listInternal, removeInternal, writeInternal } from './internal-store.ts';

/** What the server did not take, as it is kept on the device until the user has decided. */
export interface RefusedRecord extends RefusedValues {
  readonly collection: string;
  readonly code: string;
  readonly reason: string;
  /** Records with the same one were refused together, and are written again together. */
  readonly batch?: string | undefined;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** The refused writes of a database, of all its tabs and runs. */
export interface Inbox {
  readonly records: readonly RefusedRecord[];
  /** Emits once for everything that changes in one turn. */
  readonly records$: Observable<readonly RefusedRecord[]>;
  /** Resolves when they are stored. One of the same collection, id and refused revision takes the place of the earlier one. */
  keep(records: readonly RefusedRecord[]): Promise<void>;
  /**
   * Removes the record, and what was refused with it, once `see` has seen to them. One that is gone already, or is being seen
   * to, is left alone: who clicks twice wants it once.
   */
  settle(record: RefusedRecord, see: (records: readonly RefusedRecord[]) => Promise<void>): Promise<void>;
  close(): void;
}

const PREFIX = 'breakwater-refused-';

export async function openInbox(database: RxDatabase): Promise<Inbox> {
  const recordByKey = new Map<string, RefusedRecord>();
  const records$ = new BehaviorSubject<readonly RefusedRecord[]>([]);
  let isEmitting = false;

  const heardKeys = new Set<string>();
  const settlingKeys = new Set<string>();

  // Before reading, so that nothing falls between: another tab may keep or remove some at any time.
  const subscription = database.internalStore.changeStream().subscribe(({ events }) => {
    for (const { documentData: document } of events) {
      if (!document.key.startsWith(PREFIX)) continue;
      heardKeys.add(document.key);
      set(document.key, document._deleted ? undefined : document.data);
    }
  });
  for (const { key, data } of await listInternal(database, PREFIX)) if (!heardKeys.has(key)) set(key, data);
  // At once: whoever asks next must not find it empty.
  emit();

  function set(key: string, record: RefusedRecord | undefined): void {
    if (record === undefined) recordByKey.delete(key);
    else recordByKey.set(key, record);
    if (isEmitting) return;
    isEmitting = true;
    queueMicrotask(emit);
  }

  function emit(): void {
    isEmitting = false;
    records$.next([...recordByKey.values()].sort((a, b) => a.at - b.at));
  }

  /** Hashed: the key of an internal document has at most 200 characters. */
  async function keyOf({ collection, id, refusedRevision }: RefusedRecord): Promise<string> {
    return PREFIX + (await database.hashFunction(JSON.stringify([collection, id, refusedRevision])));
  }

  /** By key: those that were refused as one, or the one alone. */
  async function togetherWith(record: RefusedRecord): Promise<[string, RefusedRecord][]> {
    const key = await keyOf(record);
    return [...recordByKey].filter(([other, { batch }]) => {
      return other === key || (batch !== undefined && batch === record.batch);
    });
  }

  return {
    get records() {
      return [...recordByKey.values()];
    },
    records$: records$.asObservable(),
    async keep(records) {
      for (const record of records) {
        const key = await keyOf(record);
        await writeInternal<RefusedRecord>(database, key, () => record);
        set(key, record);
      }
    },
    async settle(record, see) {
      const together = (await togetherWith(record)).filter(([key]) => !settlingKeys.has(key));
      if (together.length === 0) return;
      for (const [key] of together) settlingKeys.add(key);
      try {
        await see(together.map(([, each]) => each));
        for (const [key] of together) {
          await removeInternal(database, key);
          set(key, undefined);
        }
      } finally {
        for (const [key] of together) settlingKeys.delete(key);
      }
    },
    close: () => subscription.unsubscribe(),
  };
}
