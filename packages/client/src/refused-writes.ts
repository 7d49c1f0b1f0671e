import type { JsonObject } from '@breakwater/crdt';
import type { RxCollection, RxDatabase } from 'rxdb';
import { BatchError } from './errors.ts';
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

    const retryWith = (change: JsonObject) =>
      inbox.settle(record, async (together, keys) => {
        const writes = await Promise.all(together.map(toWrite(record, change)));
        await writeAgain(collection.database as RxDatabase, writes, keys);
      });

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
      discard: () => inbox.settle(record, async () => {}),
    };
  }

  function toWrite(edited: RefusedRecord, change: JsonObject): (record: RefusedRecord) => Promise<WriteAgain> {
    return async (record) => {
      const collection = collections.find(({ name }) => name === record.collection);
      if (collection === undefined) {
        const { id, collection: name } = record;
        throw new BatchError(`'${id}' of '${name}' belongs to it: open that collection, then write both again`);
      }
      const attachments = await inbox.attachmentsOf(record);
      return { collection, record, attachments, ...(isSame(record, edited) ? { change } : {}) };
    };
  }
}

function isSame(a: RefusedRecord, b: RefusedRecord): boolean {
  return a.collection === b.collection && a.id === b.id && a.returned === b.returned;
}
