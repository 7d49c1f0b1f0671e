import type { JsonObject } from '@breakwater/crdt';
import type { RxCollection } from 'rxdb';
import type { RefusedWrite } from './status.ts';
import { requireCaptured } from './storage/with-breakwater.ts';
import type { Inbox, RefusedRecord } from './sync/inbox.ts';
import { writeAgain } from './sync/write-again.ts';

/** The records of the inbox as the app sees them; those of collections that are not open are left where they are. */
export function toRefusedWrites(
  records: readonly RefusedRecord[],
  collections: readonly RxCollection[],
  inbox: Inbox,
): RefusedWrite[] {
  return records.flatMap((record) => {
    const collection = collections.find(({ name }) => name === record.collection);
    return collection === undefined ? [] : [toRefusedWrite(record, collection, inbox)];
  });
}

function toRefusedWrite(record: RefusedRecord, collection: RxCollection, inbox: Inbox): RefusedWrite {
  const { id, code, reason, at, kind, document, paths } = record;

  async function retryWith(change?: JsonObject): Promise<void> {
    await writeAgain(collection, requireCaptured(collection).plan, record, change);
    await inbox.remove(record);
  }

  return {
    collection: collection.name,
    id,
    code,
    reason,
    at,
    kind,
    document,
    fields: paths,
    retry: () => retryWith(),
    edit: (change) => retryWith(change as JsonObject),
    discard: () => inbox.remove(record),
  };
}
