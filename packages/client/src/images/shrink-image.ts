import { ImageError } from './image-error.ts';
import { rasterType } from './raster-type.ts';
import { renderInWorker } from './render-in-worker.ts';

export interface ShrinkOptions {
  /** The longer edge has so many pixels at most. Smaller images keep their size. Default: 2,048. */
  readonly maxEdge?: number;
  /** From 0 to 1, for JPEG and WebP. Default: 0.8. */
  readonly quality?: number;
  /** Default: JPEG for a JPEG; WebP for the others, PNG where the browser cannot write WebP. */
  readonly type?: 'image/jpeg' | 'image/webp' | 'image/png';
}

const DEFAULT_MAX_EDGE = 2_048;
const DEFAULT_QUALITY = 0.8;

/**
 * The image upright, no larger than it is to be, and without what cameras write into it, the place above all.
 *
 * @throws ImageError when the file is no raster image that this browser can decode; RangeError when an option makes no sense.
 */
export async function shrinkImage(file: Blob, options: ShrinkOptions = {}): Promise<Blob> {
  const { maxEdge = DEFAULT_MAX_EDGE, quality = DEFAULT_QUALITY } = options;
  requireOptions(maxEdge, quality);
  const source = await rasterType(file);
  if (source === undefined) {
    throw new ImageError(
      `${nameOf(file)} (${file.type || 'of no type'}) is no PNG, JPEG, GIF, WebP, AVIF or HEIC image`,
    );
  }
  const type = options.type ?? (source === 'image/jpeg' ? 'image/jpeg' : 'image/webp');
  const rendered = await renderInWorker(file, { maxEdge, quality, type });
  if (rendered.kind === 'undecodable') {
    const { message } = rendered;
    throw new ImageError(`${nameOf(file)} says that it is ${source}, but this browser cannot decode it (${message})`);
  }
  if (rendered.kind === 'too-large') {
    throw new ImageError(`this browser has no room for an image of ${rendered.width} × ${rendered.height} pixels`);
  }
  // Browsers write PNG in place of what they cannot write.
  if (options.type === undefined || rendered.data.type === type) return rendered.data;
  throw new ImageError(`this browser cannot write ${type}; leave the type out, or take image/jpeg`);
}

function nameOf(file: Blob): string {
  return 'name' in file ? `'${file.name}'` : 'the file';
}

function requireOptions(maxEdge: number, quality: number): void {
  if (!(Number.isInteger(maxEdge) && maxEdge >= 1)) {
    throw new RangeError(`maxEdge is ${maxEdge}; it is a whole number of pixels from 1`);
  }
  if (!(quality >= 0 && quality <= 1)) throw new RangeError(`quality is ${quality}; it is a number from 0 to 1`);
}
