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
  const { documents } = await database.internalStore.query(thoseWith(database, prefix));
  return documents.filter(({ key }) => key.startsWith(prefix));
}

/** How many there are, without reading them. */
export async function countInternal(database: RxDatabase, prefix: string): Promise<number> {
  return (await database.internalStore.count(thoseWith(database, prefix))).count;
}

function thoseWith({ internalStore: { schema } }: RxDatabase, prefix: string) {
  // By the range of their ids, which spares the storage all others: some are large.
  const first = getPrimaryKeyOfInternalDocument(prefix, CONTEXT);
  const id = { $gte: first, $lt: `${first}\uffff` };
  const selector = { id, _deleted: { $eq: false } } as MangoQuerySelector<InternalDocument>;
  return prepareQuery(schema, normalizeMangoQuery<InternalDocument>(schema, { selector }));
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
    if (await removeUnchanged(database, previous)) return;
  }
}

/** False: somebody else wrote it since it was read, and it stays. */
export async function removeUnchanged(database: RxDatabase, document: InternalDocument): Promise<boolean> {
  return store(database, { ...emptyDocument(document.key), data: {}, _deleted: true }, document);
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
