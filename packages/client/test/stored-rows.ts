import type { Path, Stamp } from '@breakwater/crdt';
import type { RxCollection } from 'rxdb';
import { rowMetaOf, type StoredDocument } from '../src/storage/row-meta.ts';

/** What a storage holds of a document, tombstones included. */
export async function storedDocument(collection: RxCollection, id: string): Promise<StoredDocument> {
  const [document] = await collection.storageInstance.findDocumentsById([id], true);
  if (document === undefined) throw new Error(`nothing is stored under '${id}'`);
  return document as StoredDocument;
}

/** What merging knows of a stored document. */
export async function storedMeta(collection: RxCollection, id: string) {
  const meta = rowMetaOf(await storedDocument(collection, id));
  if (meta === undefined) throw new Error(`'${id}' was not captured`);
  const stampByPath: { [path: string]: Stamp } = {};
  for (const [stamp, ...paths] of meta.stamps) for (const path of paths) stampByPath[path] = stamp;
  const stampOf = (path: string): Stamp => {
    const stamp = stampByPath[path];
    if (stamp === undefined) throw new Error(`'${id}' has no stamp for ${path}`);
    return stamp;
  };
  return { meta, generation: meta.generation, pending: (meta.pending ?? []) as readonly Path[], stampByPath, stampOf };
}
