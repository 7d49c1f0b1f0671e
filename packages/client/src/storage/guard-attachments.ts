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
  const read = instance.getAttachmentData.bind(instance);
  instance.getAttachmentData = async (id, name, digest) => {
    const data = await read(id, name, digest);
    const part = await readStandIn(data, digest);
    if (part === undefined) return data;
    if (!isSuperseded()) throw new AttachmentMissingError({ collection: instance.collectionName, id, name });
    const [document] = await instance.findDocumentsById([id], true);
    return createStandIn(digest, document?._attachments[name]?.length ?? 0, part);
  };
  return read;
}
