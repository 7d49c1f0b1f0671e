import type { RxDatabase } from 'rxdb';
import { BehaviorSubject, type Observable } from 'rxjs';
import type { RefusedValues } from '../storage/set-back.ts';
import { listInternal, removeInternal, writeInternal } from './internal-store.ts';
import { type GivenAttachment, keepBytes, readKept, removeKept } from './kept-bytes.ts';

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
  /** The bytes of the attachments that were refused with the record, as far as they were here. */
  attachmentsOf(record: RefusedRecord): Promise<GivenAttachment[]>;
  close(): void;
}

const PREFIX = 'breakwater-refused-';

/** @param onLost bytes of attachments could not be kept with their record. */
export async function openInbox(
  database: RxDatabase,
  onLost: (record: RefusedRecord, error: unknown) => void = () => {},
): Promise<Inbox> {
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
  async function keyOf(record: RefusedRecord): Promise<string> {
    return PREFIX + (await hashOf(record));
  }

  async function hashOf({ collection, id, refusedRevision }: RefusedRecord): Promise<string> {
    return database.hashFunction(JSON.stringify([collection, id, refusedRevision]));
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
        // Without room for them the row goes back all the same: nothing may hold up the others.
        await keepBytes(database, await hashOf(record), withAttachments(record)).catch((error) =>
          onLost(record, error),
        );
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
        for (const [key, each] of together) {
          await removeInternal(database, key);
          set(key, undefined);
          await removeKept(database, await hashOf(each), withAttachments(each));
        }
      } finally {
        for (const [key] of together) settlingKeys.delete(key);
      }
    },
    attachmentsOf: async (record) => readKept(database, await hashOf(record), withAttachments(record)),
    close: () => subscription.unsubscribe(),
  };
}

/** Records of earlier versions have none. */
function withAttachments({ collection, id, attachments = [] }: RefusedRecord) {
  return { collection, id, attachments };
}
