import type { JsonObject } from '@breakwater/crdt';
import type { RxCollection, RxDatabase } from 'rxdb';
import type { RefusedWrite } from './status.ts';
import type { Inbox, RefusedRecord } from './sync/inbox.ts';
import { type WriteAgain, writeAgain } from './sync/write-again.ts';

/** The records of the inbox as the app sees them; those of collections that are not open are left where they are. */
export function toRefusedWrites(
  records: readonly RefusedRecord[],
  collections: readonly RxCollection[],
  inbox: Inbox,
): RefusedWrite[] {
  return records.flatMap((record) => {
    const collection = collections.find(({ name }) => name === record.collection);
    return collection === undefined ? [] : [toRefusedWrite(record, collection)];
  });

  function toRefusedWrite(record: RefusedRecord, collection: RxCollection): RefusedWrite {
    const { id, code, reason, at, kind, document, paths, batch } = record;

    async function retryWith(change: JsonObject): Promise<void> {
      const together = togetherWith(record);
      await writeAgain(collection.database as RxDatabase, together.flatMap(toWrite(record, change)));
      await forget(together);
    }

    return {
      collection: collection.name,
      id,
      ...(batch === undefined ? {} : { batch }),
      code,
      reason,
      at,
      kind,
      document,
      fields: paths,
      retry: () => retryWith({}),
      edit: (change) => retryWith(change as JsonObject),
      discard: () => forget(togetherWith(record)),
    };
  }

  function toWrite(edited: RefusedRecord, change: JsonObject): (record: RefusedRecord) => WriteAgain[] {
    return (record) => {
      const collection = collections.find(({ name }) => name === record.collection);
      if (collection === undefined) return [];
      return [{ collection, record, ...(record === edited ? { change } : {}) }];
    };
  }

  function togetherWith(record: RefusedRecord): readonly RefusedRecord[] {
    return record.batch === undefined ? [record] : records.filter(({ batch }) => batch === record.batch);
  }

  async function forget(records: readonly RefusedRecord[]): Promise<void> {
    for (const record of records) await inbox.remove(record);
  }
}
