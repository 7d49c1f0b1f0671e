import type { RxCollection } from 'rxdb';
import { AttachmentMissingError } from '../errors.ts';
import type { AttachmentRef } from './attachment-ref.ts';

/**
 * Lets RxDB's own `getData()` and its kin fetch what is not here. Answers how to stop.
 *
 * Above RxDB's wrapper of the storage, not below: what goes on there holds up the closing of the database, and a download
 * may take minutes.
 */
export function fetchOnRead(collection: RxCollection, fetch: (ref: AttachmentRef) => Promise<Blob>): () => void {
  const { storageInstance } = collection;
  const read = storageInstance.getAttachmentData;
  storageInstance.getAttachmentData = async (id, name, digest) => {
    try {
      return await read.call(storageInstance, id, name, digest);
    } catch (error) {
      if (!(error instanceof AttachmentMissingError)) throw error;
      const [document] = await storageInstance.findDocumentsById([id], false);
      const attachment = document?._attachments[name];
      if (attachment?.digest !== digest) throw error;
      const { length, type } = attachment;
      return fetch({ collection: collection.name, id, name, digest, length, type });
    }
  };
  return () => {
    storageInstance.getAttachmentData = read;
  };
}
