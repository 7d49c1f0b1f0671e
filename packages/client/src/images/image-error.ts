/** Thrown when a file is not the image that it should be. */
export class ImageError extends Error {
  override readonly name = 'ImageError';
}
