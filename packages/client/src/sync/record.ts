import {
  getDefaultRevision,
  getDefaultRxDocumentMeta,
  getPrimaryKeyOfInternalDocument,
  INTERNAL_CONTEXT_COLLECTION,
  type InternalStoreDocType,
  type RxCollection,
  type RxDatabase,
} from 'rxdb';

/** What replication remembers of a database, kept in RxDB's internal store beside the collections' descriptions. */
export interface DatabaseRecord {
  /** Names this database towards the server; random, for ever. */
  readonly replica: string;
  /** The server, tenant and user that this database belongs to since it first connected. */
  readonly serverId?: string;
  readonly tenant?: string;
  readonly user?: string;
  /** The life of the server's store that the checkpoints belong to. */
  readonly epoch?: string;
  /** Milliseconds to add to the device's time, as the server last said. */
  readonly clockOffsetMs: number;
}

export interface CollectionRecord {
  /** The latest time stamped here: a clock that was set back must not stamp before it. */
  readonly clockMs: number;
  /** Every row up to this seq was merged into the storage. */
  readonly checkpoint: number;
  /** Rows last written at or before this lwt have nothing pending. */
  readonly cleanLwt: number;
  /** The server lost rows (another epoch): every row is still to be pushed as a whole. */
  readonly resend: boolean;
  /** Revision of RxDB's description of the collection: a collection that was removed and made again starts from 0. */
  readonly collectionRev: string;
}

/** One record, held in memory and written through in order. */
export interface RecordKeeper<T> {
  readonly value: T;
  /** Changes the value at once; resolves when it is stored. */
  set(change: Partial<T>): Promise<void>;
}

const RECORD_CONTEXT = 'breakwater-record';
const KEY = 'breakwater';

export function openDatabaseRecord(
  database: RxDatabase,
  newReplica: () => string,
): Promise<RecordKeeper<DatabaseRecord>> {
  return openRecord<DatabaseRecord>(database, KEY, (stored) => stored ?? { replica: newReplica(), clockOffsetMs: 0 });
}

export async function openCollectionRecord(collection: RxCollection): Promise<RecordKeeper<CollectionRecord>> {
  const { database, name, schema } = collection;
  const description = await find(database, `${name}-${schema.version}`, INTERNAL_CONTEXT_COLLECTION);
  const collectionRev = description?._rev ?? '';
  const fresh = { checkpoint: 0, cleanLwt: 0, resend: false, clockMs: 0, collectionRev };
  return openRecord<CollectionRecord>(database, `${KEY}-${name}`, (stored) =>
    stored?.collectionRev === collectionRev ? stored : fresh,
  );
}

async function openRecord<T extends object>(
  database: RxDatabase,
  key: string,
  initial: (stored: T | undefined) => T,
): Promise<RecordKeeper<T>> {
  let value = initial((await find(database, key, 'OTHER'))?.data);
  let writing: Promise<void> = Promise.resolve();
  return {
    get value() {
      return value;
    },
    set(change) {
      value = { ...value, ...change };
      // Writes what is current when its turn comes, after a failed write too.
      writing = writing.catch(() => {}).then(() => write(database, key, value));
      return writing;
    },
  };
}

async function find(database: RxDatabase, key: string, context: InternalStoreDocType['context']) {
  const id = getPrimaryKeyOfInternalDocument(key, context);
  const [document] = await database.internalStore.findDocumentsById([id], false);
  return document;
}

async function write(database: RxDatabase, key: string, data: object): Promise<void> {
  for (;;) {
    const previous = await find(database, key, 'OTHER');
    const document = {
      id: getPrimaryKeyOfInternalDocument(key, 'OTHER'),
      key,
      context: 'OTHER' as const,
      data,
      _deleted: false,
      _meta: getDefaultRxDocumentMeta(),
      _rev: getDefaultRevision(),
      _attachments: {},
    };
    const row = previous ? { document, previous } : { document };
    const { error } = await database.internalStore.bulkWrite([row], RECORD_CONTEXT);
    const [failure] = error;
    if (failure === undefined) return;
    // Another tab wrote the same record in between.
    if (failure.status !== 409) throw new Error(`the record '${key}' could not be stored (status ${failure.status})`);
  }
}
