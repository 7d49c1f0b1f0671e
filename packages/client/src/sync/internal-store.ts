import {
  getDefaultRevision,
  getDefaultRxDocumentMeta,
  getPrimaryKeyOfInternalDocument,
  type InternalStoreDocType,
  type MangoQuerySelector,
  normalizeMangoQuery,
  prepareQuery,
  type RxDatabase,
  type RxDocumentData,
} from 'rxdb';

/*
 * RxDB's internal store, beside the collections' descriptions: what replication remembers lies there, in documents of the
 * context that RxDB leaves to others.
 */
const CONTEXT = 'OTHER';
const WRITE_CONTEXT = 'breakwater-internal';

type InternalDocument = RxDocumentData<InternalStoreDocType>;

export async function findInternal(
  database: RxDatabase,
  key: string,
  context: InternalStoreDocType['context'] = CONTEXT,
): Promise<InternalDocument | undefined> {
  const document = await findStored(database, key, context);
  return document?._deleted ? undefined : document;
}

/** Also a removed one: whoever writes over it has to name it. */
async function findStored(database: RxDatabase, key: string, context: InternalStoreDocType['context']) {
  const id = getPrimaryKeyOfInternalDocument(key, context);
  const [document] = await database.internalStore.findDocumentsById([id], true);
  return document;
}

/** Every document whose key begins so. */
export async function listInternal(database: RxDatabase, prefix: string): Promise<InternalDocument[]> {
  const { internalStore } = database;
  // By the range of their ids, which spares the storage all others: some are large.
  const first = getPrimaryKeyOfInternalDocument(prefix, CONTEXT);
  const id = { $gte: first, $lt: `${first}\uffff` };
  const selector = { id, _deleted: { $eq: false } } as MangoQuerySelector<InternalDocument>;
  const query = normalizeMangoQuery<InternalDocument>(internalStore.schema, { selector });
  const { documents } = await internalStore.query(prepareQuery(internalStore.schema, query));
  return documents.filter(({ key }) => key.startsWith(prefix));
}

/** Writes what `change` makes of the stored value, and answers it. */
export async function writeInternal<T extends object>(
  database: RxDatabase,
  key: string,
  change: (stored: T | undefined) => T,
): Promise<T> {
  for (;;) {
    const previous = await findStored(database, key, CONTEXT);
    const data = change(previous?._deleted ? undefined : previous?.data);
    if (await store(database, { ...emptyDocument(key), data }, previous)) return data;
  }
}

export async function removeInternal(database: RxDatabase, key: string): Promise<void> {
  for (;;) {
    const previous = await findInternal(database, key);
    if (previous === undefined) return;
    if (await store(database, { ...emptyDocument(key), data: {}, _deleted: true }, previous)) return;
  }
}

function emptyDocument(key: string): Omit<InternalDocument, 'data'> {
  return {
    id: getPrimaryKeyOfInternalDocument(key, CONTEXT),
    key,
    context: CONTEXT,
    _deleted: false,
    _meta: getDefaultRxDocumentMeta(),
    _rev: getDefaultRevision(),
    _attachments: {},
  };
}

/** False: another tab wrote the same document in between. */
async function store(
  { internalStore }: RxDatabase,
  document: InternalDocument,
  previous: InternalDocument | undefined,
): Promise<boolean> {
  const row = previous ? { document, previous } : { document };
  const { error } = await internalStore.bulkWrite([row], WRITE_CONTEXT);
  const [failure] = error;
  if (failure === undefined) return true;
  if (failure.status === 409) return false;
  throw new Error(`the record '${document.key}' could not be stored (status ${failure.status})`);
}
