import type { RxCollection, RxDatabase } from 'rxdb';

/** Of nothing. */
const SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/**
 * RxDB names the bytes of attachments by the database's hash function, and on the wire they go by their sha-256.
 *
 * @param collections those that have attachments.
 * @throws Error when the two are not the same, or a storage gives attachments the length or digest of what it makes of them.
 */
export async function requirePlainBytes(
  { name, hashFunction }: RxDatabase,
  collections: readonly RxCollection[],
): Promise<void> {
  const changing = collections.find(({ schema: { jsonSchema } }) => {
    return jsonSchema.attachments?.compression !== undefined || jsonSchema.attachments?.encrypted === true;
  });
  if (changing !== undefined) {
    throw new Error(
      `${changing.name}: attachments that RxDB compresses or encrypts cannot be replicated, since it changes their digests or lengths; leave the option out of the schema's attachments`,
    );
  }
  if (collections.length === 0 || (await hashFunction(new Blob([]))) === SHA256) return;
  throw new Error(
    `the database '${name}' has attachments and a hashFunction that is not sha-256 in hexadecimal digits; leave the option out, or give it one that is`,
  );
}
