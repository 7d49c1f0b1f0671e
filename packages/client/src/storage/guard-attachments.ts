import { AttachmentMissingError } from '../errors.ts';
import type { Instance } from './instance.ts';
import { createStandIn, readStandIn } from './stand-in.ts';

/**
 * Never hands out a stand-in for the bytes.
 *
 * @param isSuperseded is the instance open only because RxDB migrates from it? Then the stand-in moves along.
 * @returns how to read what lies there, stand-ins included.
 */
export function guardAttachments(instance: Instance, isSuperseded: () => boolean): Instance['getAttachmentData'] {
  if (instance.schema.attachments === undefined) return instance.getAttachmentData;
  const read = instance.getAttachmentData.bind(instance);
  instance.getAttachmentData = async (id, name, digest) => {
    const data = await read(id, name, digest);
    const standIn = await readStandIn(data);
    if (standIn === undefined) return data;
    const [document] = await instance.findDocumentsById([id], true);
    const attachment = document?._attachments[name];
    // A user's bytes that only look like it: no bytes hold their own digest.
    if (standIn.digest !== digest && attachment?.digest === digest) return data;
    // Some storages answer by name alone: this one was replaced since.
    if (standIn.digest !== digest || !isSuperseded()) {
      throw new AttachmentMissingError({ collection: instance.collectionName, id, name });
    }
    return createStandIn(digest, attachment?.length ?? 0, standIn.part);
  };
  return read;
}
