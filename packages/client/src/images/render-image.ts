export interface RenderOptions {
  readonly maxEdge: number;
  readonly quality: number;
  readonly type: string;
}

export type Rendered =
  | { readonly kind: 'done'; readonly data: Blob }
  | { readonly kind: 'undecodable'; readonly message: string }
  /** The browser gives no canvas of this size. */
  | { readonly kind: 'too-large'; readonly width: number; readonly height: number };

/**
 * Decodes an image, turns it upright, shrinks it and encodes it.
 *
 * A worker runs the text of this function: it must refer to nothing outside of it, and hold no function of its own, to which
 * bundlers would add something.
 */
export async function renderImage(file: Blob, { maxEdge, quality, type }: RenderOptions): Promise<Rendered> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' });
  } catch (error) {
    return { kind: 'undecodable', message: String(error) };
  }
  const scale = Math.min(1, maxEdge / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  if (context === null) return { kind: 'too-large', width, height };
  if (type === 'image/jpeg') {
    // It has no transparency, and would show black.
    context.fillStyle = 'white';
    context.fillRect(0, 0, width, height);
  }
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return { kind: 'done', data: await canvas.convertToBlob({ type, quality }) };
}
