import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';

/** A sha-256 has so many bytes; as text it is twice as many hexadecimal digits. */
const DIGEST_BYTES = 32;

const DIGEST = /^[0-9a-f]{64}$/;

/** Is it the sha-256 of a blob as rows name it: 64 hexadecimal digits in lower case? */
export function isDigest(value: unknown): value is string {
  return typeof value === 'string' && DIGEST.test(value);
}

/**
 * On the wire a digest is its 32 bytes, so that whatever decodes is one.
 * @throws Error when the text is no digest.
 */
export function writeDigest(encoder: encoding.Encoder, digest: string): void {
  if (!isDigest(digest)) throw new Error('a digest is 64 hexadecimal digits in lower case');
  for (let at = 0; at < digest.length; at += 2) {
    encoding.writeUint8(encoder, Number.parseInt(digest.slice(at, at + 2), 16));
  }
}

export function readDigest(decoder: decoding.Decoder): string {
  const bytes = decoding.readUint8Array(decoder, DIGEST_BYTES);
  if (bytes.length !== DIGEST_BYTES) throw new Error('a digest is cut off');
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
