import type { RxCollection, RxDatabase } from 'rxdb';
import { attachmentBytesOf } from '../storage/attachment-bytes.ts';
import type { NamedAttachment } from '../storage/named-attachment.ts';
import { fromBase64, toBase64 } from './base64.ts';
import {
  countInternal,
  findInternal,
  listInternal,
  removeInternal,
  removeUnchanged,
  writeInternal,
} from './internal-store.ts';

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

/** A record is stored right behind its bytes; so long may that take a tab, in milliseconds. */
const MAY_BE_NAMED_SOON_MS = 30_000;

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

/**
 * Removes bytes that no record names: an app that ended while it settled a record has left them. Those that were written a
 * moment ago stay, because another tab may be about to store their record.
 *
 * @param records all there are, by the keys that name them.
 * @param now milliseconds since 1970.
 */
export async function removeUnnamed(
  database: RxDatabase,
  records: ReadonlyMap<string, KeptRecord>,
  now: number,
): Promise<void> {
  const named = new Set<string>();
  for (const [key, { attachments }] of records) for (const { digest } of attachments) named.add(PREFIX + key + digest);
  // Hardly ever are there more, and reading them would take all of them into memory. Of some records nothing was kept:
  // what is missed for that is found when they are settled.
  if ((await countInternal(database, PREFIX)) <= named.size) return;
  for (const document of await listInternal(database, PREFIX)) {
    if (named.has(document.key) || document._meta.lwt > now - MAY_BE_NAMED_SOON_MS) continue;
    await removeUnchanged(database, document);
  }
}
