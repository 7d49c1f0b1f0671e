import type { CollectionDefinitions, Collections, DocumentOf } from '@breakwater/crdt';
import {
  createRxDatabase,
  overwritable,
  type RxCollection,
  type RxCollectionCreator,
  type RxDatabase,
  type RxDatabaseCreator,
  randomToken,
} from 'rxdb';
import type { AnyDatabase } from './queries/rx-types.ts';
import { requireCaptured, withBreakwater } from './storage/with-breakwater.ts';
import { openDatabaseRecord } from './sync/record.ts';
import { undoAbandoned } from './sync/undo-batch.ts';

/** The RxDB collections of definitions, with the document types inferred from the schemas. */
export type CollectionsOf<T extends CollectionDefinitions> = {
  [K in keyof T]: RxCollection<DocumentOf<T[K]['schema']>>;
};

/** What RxDB's createRxDatabase takes, and the definitions of the collections. */
export type CreateDatabaseOptions<T extends CollectionDefinitions> = RxDatabaseCreator & {
  /** Made by defineCollections. */
  readonly collections: Collections<T>;
};

/**
 * Opens a plain RxDatabase with its collections, whose local writes are captured from the first one on. With RxDB's
 * dev-mode it warns of queries that read every one of more than 1,000 documents.
 *
 * @throws RxError as RxDB's createRxDatabase and addCollections do.
 */
export async function createDatabase<const T extends CollectionDefinitions>({
  collections,
  ...options
}: CreateDatabaseOptions<T>): Promise<RxDatabase<CollectionsOf<T>>> {
  const storage = withBreakwater(options.storage, { collections });
  const database = await createRxDatabase<CollectionsOf<T>>({ ...options, storage });
  const creators: { [name: string]: RxCollectionCreator } = {};
  for (const [name, { plan: _plan, merge: _merge, ...creator }] of Object.entries(collections)) {
    creators[name] = creator as unknown as RxCollectionCreator;
  }
  try {
    await database.addCollections(creators as never);
    await nameReplica(database as unknown as RxDatabase);
    await undoAbandoned(database as unknown as RxDatabase);
    if (overwritable.isDevMode()) await warnOfScans(database);
  } catch (error) {
    // Left open, it would keep the next try from opening it.
    await database.close();
    throw error;
  }
  return database;
}

/** In development only, and no part of what an app loads otherwise. */
async function warnOfScans(database: AnyDatabase): Promise<void> {
  (await import('./queries/warn-of-scans.ts')).warnOfScans(database);
}

/** The database counts under one name for ever, or its counters would gain a register each time that it is opened. */
async function nameReplica(database: RxDatabase): Promise<void> {
  const record = await openDatabaseRecord(database, () => randomToken(12));
  for (const collection of Object.values(database.collections) as RxCollection[]) {
    requireCaptured(collection).setReplica(record.value.replica);
  }
}
