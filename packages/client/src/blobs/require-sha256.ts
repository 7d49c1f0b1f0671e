import type { RxDatabase } from 'rxdb';

/** Of nothing. */
const SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/**
 * RxDB names the bytes of attachments by the database's hash function, and on the wire they go by their sha-256.
 *
 * @throws Error when the two are not the same.
 */
export async function requireSha256({ name, hashFunction }: RxDatabase): Promise<void> {
  if ((await hashFunction(new Blob([]))) === SHA256) return;
  throw new Error(
    `the database '${name}' has attachments and a hashFunction that is not sha-256 in hexadecimal digits; leave the option out, or give it one that is`,
  );
}
