import type { RxCollection, RxDatabase } from 'rxdb';
import { BehaviorSubject, type Observable } from 'rxjs';
import { idOf } from '../storage/document-row.ts';
import { rowMetaOf, type StoredDocument } from '../storage/row-meta.ts';
import type { RefusedValues } from '../storage/set-back.ts';
import { requireCaptured } from '../storage/with-breakwater.ts';
import { listInternal, removeInternal, writeInternal } from './internal-store.ts';
import { refuseBatches, settleJournals } from './journal.ts';
import { type GivenAttachment, keepBytes, readKept, removeKept, removeUnnamed } from './kept-bytes.ts';

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
  /**
   * Resolves when they are stored; they do not show yet. One of the same document, before that has gone back, takes the place
   * of the earlier one. The batches that lose something with them are refused, too.
   */
  keep(records: readonly RefusedRecord[]): Promise<void>;
  /** Forgets those of documents that did not go back after all. */
  forget(records: readonly RefusedRecord[]): Promise<void>;
  /** Shows those of documents that have gone back, and forgets the others: their documents are as the user wrote them. */
  conclude(records: readonly RefusedRecord[]): Promise<void>;
  /**
   * Removes the record, and what was refused with it, once `see` has seen to them. One that is gone already, or is being seen
   * to, is left alone: who clicks twice wants it once.
   */
  settle(record: RefusedRecord, see: See): Promise<void>;
  /** The bytes of the attachments that were refused with the record, as far as they were here. */
  attachmentsOf(record: RefusedRecord): Promise<GivenAttachment[]>;
  /** Removes bytes of attachments that belong to no record. `now`: milliseconds since 1970. */
  sweep(now: number): Promise<void>;
  close(): void;
}

/** What is to be done about records, which lie under these keys in RxDB's internal store. */
type See = (records: readonly RefusedRecord[], keys: readonly string[]) => Promise<void>;

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
  /** Of documents that are about to go back. */
  const hiddenKeys = new Set<string>();

  // Before reading, so that nothing falls between: another tab may keep or remove some at any time.
  const subscription = database.internalStore.changeStream().subscribe(({ events }) => {
    for (const { documentData: document } of events) {
      if (!document.key.startsWith(PREFIX)) continue;
      heardKeys.add(document.key);
      set(document.key, document._deleted ? undefined : document.data);
    }
  });
  await settleJournals(database);
  for (const { key, data } of await listInternal(database, PREFIX)) if (!heardKeys.has(key)) set(key, data);
  // At once: whoever asks next must not find it empty.
  emit();

  function set(key: string, record: RefusedRecord | undefined): void {
    if (record === undefined) recordByKey.delete(key);
    else recordByKey.set(key, record);
    emitSoon();
  }

  function emitSoon(): void {
    if (isEmitting) return;
    isEmitting = true;
    queueMicrotask(emit);
  }

  function emit(): void {
    isEmitting = false;
    records$.next(shown().sort((a, b) => a.at - b.at));
  }

  function shown(): RefusedRecord[] {
    return [...recordByKey].filter(([key]) => !hiddenKeys.has(key)).map(([, record]) => record);
  }

  /** Hashed: the key of an internal document has at most 200 characters. */
  async function keyOf(record: RefusedRecord): Promise<string> {
    return PREFIX + (await hashOf(record));
  }

  async function hashOf({ collection, id, returned }: RefusedRecord): Promise<string> {
    return database.hashFunction(JSON.stringify([collection, id, returned]));
  }

  /** By key: those that were refused as one, or the one alone. */
  async function togetherWith(record: RefusedRecord): Promise<[string, RefusedRecord][]> {
    const key = await keyOf(record);
    return [...recordByKey].filter(([other, { batch }]) => {
      if (hiddenKeys.has(other)) return false;
      return other === key || (batch !== undefined && batch === record.batch);
    });
  }

  async function forget(records: readonly RefusedRecord[]): Promise<void> {
    for (const record of records) {
      const key = await keyOf(record);
      await removeInternal(database, key);
      hiddenKeys.delete(key);
      set(key, undefined);
      await removeKept(database, await hashOf(record), withAttachments(record));
    }
  }

  return {
    get records() {
      return shown();
    },
    records$: records$.asObservable(),
    async keep(records) {
      for (const each of records) {
        const { collection, id, code, reason, batches } = each;
        // First: after a crash in between the document is still here, and goes back with the rest.
        const batch = await refuseBatches(database, batches, {
          name: each.batch,
          guilty: { collection, id, code, reason },
        });
        const record = { ...each, batch };
        const key = await keyOf(record);
        hiddenKeys.add(key);
        // Without room for them the row goes back all the same: nothing may hold up the others.
        await keepBytes(database, await hashOf(record), withAttachments(record)).catch((error) =>
          onLost(record, error),
        );
        await writeInternal<RefusedRecord>(database, key, () => record);
        set(key, record);
      }
    },
    async conclude(records) {
      for (const [name, ofCollection] of Map.groupBy(records, ({ collection }) => collection)) {
        const returnedById = await readReturned(database, name, ofCollection);
        if (returnedById === undefined) continue;
        const isBack = ({ id, returned }: RefusedRecord) => (returnedById.get(id) ?? 0) >= returned;
        await forget(ofCollection.filter((record) => !isBack(record)));
        for (const record of ofCollection.filter(isBack)) hiddenKeys.delete(await keyOf(record));
      }
      emitSoon();
    },
    forget,
    async settle(record, see) {
      const together = (await togetherWith(record)).filter(([key]) => !settlingKeys.has(key));
      if (together.length === 0) return;
      for (const [key] of together) settlingKeys.add(key);
      try {
        await see(
          together.map(([, each]) => each),
          together.map(([key]) => key),
        );
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
    async sweep(now) {
      const records = [...recordByKey.values()];
      const named = records.map(async (record) => [await hashOf(record), withAttachments(record)] as const);
      await removeUnnamed(database, new Map(await Promise.all(named)), now);
    },
    close: () => subscription.unsubscribe(),
  };
}

/** How often each document has gone back, by id. Undefined: the collection is not open. */
async function readReturned(
  database: RxDatabase,
  name: string,
  records: readonly RefusedRecord[],
): Promise<ReadonlyMap<string, number> | undefined> {
  const collection = (database.collections as { [name: string]: RxCollection })[name];
  if (collection === undefined) return undefined;
  const { instance, plan } = requireCaptured(collection);
  const ids = records.map(({ id }) => id);
  const found = (await database.lockedRun(() => instance.findDocumentsById(ids, true))) as StoredDocument[];
  return new Map(found.map((document) => [idOf(plan, document), rowMetaOf(document)?.replaced ?? 0]));
}

/** Records of earlier versions have none. */
function withAttachments({ collection, id, attachments = [] }: RefusedRecord) {
  return { collection, id, attachments };
}
