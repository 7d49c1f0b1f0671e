import type { RxCollection, RxDatabase } from 'rxdb';
import { attachmentBytesOf } from '../storage/attachment-bytes.ts';
import type { NamedAttachment } from '../storage/named-attachment.ts';
import { fromBase64, toBase64 } from './base64.ts';
import { findInternal, removeInternal, writeInternal } from './internal-store.ts';

/** An attachment with its bytes, to be written. */
export interface GivenAttachment extends NamedAttachment {
  readonly data: Blob;
}

/** What a record of the inbox says of the bytes that were refused with it. */
interface KeptRecord {
  readonly collection: string;
  readonly id: string;
  readonly attachments: readonly NamedAttachment[];
}

/** As text: what lies in RxDB's internal store has to be JSON. */
interface KeptBytes {
  readonly base64: string;
}

const PREFIX = 'breakwater-bytes-';

/**
 * Keeps the bytes of refused attachments, which RxDB drops when their document goes back. Those that are not here anyway
 * are left out.
 *
 * @param key names the record.
 */
export async function keepBytes(database: RxDatabase, key: string, record: KeptRecord): Promise<void> {
  const collection = (database.collections as { [name: string]: RxCollection })[record.collection];
  if (collection === undefined || record.attachments.length === 0) return;
  const bytes = attachmentBytesOf(collection);
  for (const { name, digest } of record.attachments) {
    const held = await bytes.held(record.id, name, digest);
    if (!held?.isWhole) continue;
    const base64 = toBase64(new Uint8Array(await held.data.arrayBuffer()));
    await writeInternal<KeptBytes>(database, PREFIX + key + digest, () => ({ base64 }));
  }
}

/** Those that were kept. */
export async function readKept(
  database: RxDatabase,
  key: string,
  { attachments }: KeptRecord,
): Promise<GivenAttachment[]> {
  const given: GivenAttachment[] = [];
  for (const attachment of attachments) {
    const kept: KeptBytes | undefined = (await findInternal(database, PREFIX + key + attachment.digest))?.data;
    if (kept !== undefined) given.push({ ...attachment, data: new Blob([fromBase64(kept.base64)]) });
  }
  return given;
}

export async function removeKept(database: RxDatabase, key: string, { attachments }: KeptRecord): Promise<void> {
  for (const { digest } of attachments) await removeInternal(database, PREFIX + key + digest);
}
