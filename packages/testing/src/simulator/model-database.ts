import { type StoredDocument, withBreakwater } from '@breakwater/client/sync';
import {
  createRxSchema,
  getWrappedStorageInstance,
  INTERNAL_STORE_SCHEMA,
  type RxCollection,
  type RxDatabase,
  type RxJsonSchema,
  type RxSchema,
  type RxStorage,
} from 'rxdb';
import { COLLECTIONS, type CollectionName, definitions } from './definitions.ts';
import { createModelInstance, type Documents, type Written } from './model-storage.ts';
import type { Tasks } from './tasks.ts';

/** What survives a crash of the device. */
export interface Disk {
  readonly documents: { readonly [name in CollectionName]: Documents };
  /** RxDB's internal store, by id. */
  readonly internal: Documents;
}

export interface ModelDatabaseOptions {
  readonly name: string;
  /** Marks the revisions of this run of the app. */
  readonly token: string;
  readonly disk: Disk;
  readonly tasks: Tasks;
  readonly now: () => number;
  readonly random: () => number;
  readonly copies: boolean;
  readonly compares: boolean;
  readonly onWritten: (collection: CollectionName, written: Written) => void;
  readonly onInternalWritten: (written: Written) => void;
}

export function createDisk(): Disk {
  return { documents: { notes: new Map(), tasks: new Map() }, internal: new Map() };
}

/** Not short, but the same each time. */
const hashFunction = async (text: string | Blob | ArrayBuffer) => String(text);

const schemas = new Map(
  COLLECTIONS.map((name): [CollectionName, RxSchema] => [
    name,
    createRxSchema(definitions[name].schema as unknown as RxJsonSchema<unknown>, hashFunction),
  ]),
);

/** As much of a database of RxDB as replication and batches use, over a model of the device's disk. */
export async function openModelDatabase(options: ModelDatabaseOptions): Promise<RxDatabase> {
  const { name, token, disk, tasks, now, random, copies, compares, onWritten, onInternalWritten } = options;
  const collections: { [name: string]: RxCollection } = {};
  const database = {
    name,
    token,
    collections,
    multiInstance: false,
    storageInstances: new Set(),
    hashFunction,
    lockedRun: async <T>(run: () => T) => run(),
  } as unknown as RxDatabase;
  const internal = createModelInstance({
    documentsById: disk.internal,
    tasks,
    schema: INTERNAL_STORE_SCHEMA,
    copies: true,
    compares: true,
    readsAtOnce: true,
    onWritten: onInternalWritten,
  });
  const internalStore = getWrappedStorageInstance(database, internal as never, INTERNAL_STORE_SCHEMA as never);
  Object.assign(database, { internalStore });

  const storage: RxStorage<unknown, unknown> = {
    name: 'model',
    rxdbVersion: '17.6.0',
    createStorageInstance: async ({ collectionName, schema }) => {
      const name = collectionName as CollectionName;
      const documentsById = disk.documents[name];
      const written = (each: Written) => onWritten(name, each);
      return createModelInstance({ documentsById, tasks, schema, copies, compares, onWritten: written }) as never;
    },
  };
  const captured = withBreakwater(storage, { now, random, collections: definitions });
  for (const name of COLLECTIONS) {
    const schema = schemas.get(name);
    const params = { collectionName: name, databaseInstanceToken: token, schema: definitions[name].schema };
    const instance = await captured.createStorageInstance(params as never);
    const storageInstance = getWrappedStorageInstance(database, instance, schema?.jsonSchema as never);
    collections[name] = { name, database, schema, storageInstance, onClose: [] } as unknown as RxCollection;
  }
  return database;
}

/** The document of the internal store that a record or journal lies in. */
export function internalDocuments({ internal }: Disk, prefix: string): StoredDocument[] {
  return [...internal.values()].filter(({ key, _deleted }) => !_deleted && String(key).startsWith(prefix));
}
