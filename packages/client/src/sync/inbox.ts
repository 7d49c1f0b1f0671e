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
  /** Resolves when they are stored. A record of the same collection, id and revision takes the place of the earlier one. */
  keep(records: readonly RefusedRecord[]): Promise<void>;
  remove(record: RefusedRecord): Promise<void>;
  close(): void;
}

const PREFIX = 'breakwater-refused-';

export async function openInbox(database: RxDatabase): Promise<Inbox> {
  const recordByKey = new Map<string, RefusedRecord>();
  const records$ = new BehaviorSubject<readonly RefusedRecord[]>([]);
  let isEmitting = false;

  const heardKeys = new Set<string>();

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
  async function keyOf({ collection, id, revision }: RefusedRecord): Promise<string> {
    return PREFIX + (await database.hashFunction(JSON.stringify([collection, id, revision])));
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
    async remove(record) {
      const key = await keyOf(record);
      await removeInternal(database, key);
      set(key, undefined);
    },
    close: () => subscription.unsubscribe(),
  };
}
