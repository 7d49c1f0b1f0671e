import type { RxAttachmentCreator } from 'rxdb';
import { type ShrinkOptions, shrinkImage } from './shrink-image.ts';

export interface PutImageOptions extends ShrinkOptions {
  /** Of the attachment within its document; one that has this name is replaced. Default: `image`. */
  readonly name?: string;
}

/** A document of RxDB, whatever its fields. */
export interface TakesAttachments<A> {
  putAttachment(attachment: RxAttachmentCreator): Promise<A>;
}

/**
 * Puts an image on a document as an attachment: upright, shrunk, and without what cameras write into it. Of a moving one the
 * first picture. In browsers only.
 *
 * @throws ImageError when the file is no raster image that the browser can decode; RangeError when an option makes no sense;
 * what RxDB's putAttachment throws, StorageFullError among it.
 */
export async function putImage<A>(
  document: TakesAttachments<A>,
  file: Blob,
  { name = 'image', ...options }: PutImageOptions = {},
): Promise<A> {
  const data = await shrinkImage(file, options);
  return document.putAttachment({ id: name, data, type: data.type });
}
