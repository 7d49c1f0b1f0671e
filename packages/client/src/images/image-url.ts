import { ImageError } from './image-error.ts';
import { rasterType } from './raster-type.ts';

/** An address for `<img src>`, good until it is revoked: the bytes stay in memory as long. */
export interface ImageUrl {
  readonly url: string;
  /** To be called when the image is shown no more. Calling it twice does no harm. */
  revoke(): void;
}

/** An attachment of RxDB, whatever its document. */
export interface ReadableAttachment {
  readonly id: string;
  readonly type: string;
  getData(): Promise<Blob>;
}

export interface ImageUrlOptions<A> {
  /**
   * How the bytes are had. Default: the attachment's own getData(). To wait for a link:
   * `(attachment) => sync.attachmentData(attachment, { wait: true })`.
   */
  readonly read?: (attachment: A) => Promise<Blob>;
}

/**
 * An object URL for an attachment that is a PNG, JPEG, GIF, WebP, AVIF or HEIC image by its bytes, whatever type it was given.
 * Opened by itself, it is an image and nothing else: SVG and HTML of other users are refused.
 *
 * @throws ImageError when it is none of these; what reading the bytes throws, AttachmentMissingError above all.
 */
export async function imageUrl<A extends ReadableAttachment>(
  attachment: A,
  { read = (each) => each.getData() }: ImageUrlOptions<A> = {},
): Promise<ImageUrl> {
  const data = await read(attachment);
  const type = await rasterType(data);
  if (type === undefined) {
    throw new ImageError(
      `'${attachment.id}' (${attachment.type}) is no PNG, JPEG, GIF, WebP, AVIF or HEIC image; only these are shown`,
    );
  }
  const url = URL.createObjectURL(data.slice(0, data.size, type));
  return { url, revoke: () => URL.revokeObjectURL(url) };
}
