/** Bytes from its beginning that tell an image's type. */
const HEAD_BYTES = 16;

/** Of the format that AVIF and HEIC share: what is in it. */
const TYPE_BY_BRAND: ReadonlyMap<string, string> = new Map([
  ['avif', 'image/avif'],
  ['avis', 'image/avif'],
  ['heic', 'image/heic'],
  ['heix', 'image/heic'],
]);

/**
 * The type of a raster image, by its bytes and not by what it says of itself; undefined: it is none. SVG and HTML, which can
 * run scripts of whoever made them, never are.
 */
export async function rasterType(data: Blob): Promise<string | undefined> {
  const head = new Uint8Array(await data.slice(0, HEAD_BYTES).arrayBuffer());
  const text = String.fromCharCode(...head);
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (text.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (text.startsWith('GIF87a') || text.startsWith('GIF89a')) return 'image/gif';
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP') return 'image/webp';
  return text.slice(4, 8) === 'ftyp' ? TYPE_BY_BRAND.get(text.slice(8, 12)) : undefined;
}
