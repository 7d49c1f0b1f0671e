import { MalformedError, MissingBaseError } from '@breakwater/crdt';
import { fromBase64, toBase64 } from 'lib0/buffer';
import { type RxCollection, type RxDatabase, randomToken } from 'rxdb';
import { createLiveRows, type LiveEdit, type RowLife } from '../storage/live-rows.ts';
import { isPage } from './page-hiding.ts';

/**
 * What was typed last in a page that is being left. A write into the database needs turns that such a page does not get any
 * more; localStorage does not.
 */
export interface LastWord extends Omit<LiveEdit, 'fields'> {
  readonly collection: RxCollection;
  readonly fields: readonly string[];
}

/** As JSON. Updates in base64. */
interface Kept {
  readonly collection: string;
  readonly id: string;
  readonly life: RowLife;
  readonly fields: readonly string[];
  readonly typed: string;
  readonly whole: string;
}

/** Keeps it until the answer is called: it has been written after all. */
export function keepLastWord({ collection, id, life, fields, typed, whole }: LastWord): () => void {
  if (!isPage()) return () => {};
  const key = `${prefixOf(collection.database)}${randomToken(10)}`;
  const texts = { typed: toBase64(typed), whole: toBase64(whole()) };
  const kept: Kept = { collection: collection.name, id, life, fields, ...texts };
  try {
    localStorage.setItem(key, JSON.stringify(kept));
  } catch {
    // There is no room, or the page may not store anything: the write that is under way may still arrive.
  }
  return () => localStorage.removeItem(key);
}

/**
 * Writes what earlier pages could not. What has arrived after all changes nothing.
 *
 * @throws Error when the storage fails; what is left is tried at the next start.
 */
export async function writeLastWords(database: RxDatabase, collections: readonly RxCollection[]): Promise<void> {
  if (!isPage()) return;
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(prefixOf(database)));
  for (const key of keys) {
    const kept = JSON.parse(localStorage.getItem(key) ?? 'null') as Kept | null;
    const collection = collections.find(({ name }) => name === kept?.collection);
    if (kept === null || collection === undefined) continue;
    await write(collection, kept);
    localStorage.removeItem(key);
  }
}

async function write(collection: RxCollection, { id, life, fields, typed, whole }: Kept): Promise<void> {
  const rows = createLiveRows(collection);
  const row = await rows.read(id);
  if (row === undefined) return;
  const edit = { id, life, fields, typed: fromBase64(typed), whole: () => fromBase64(whole) };
  try {
    await rows.write(edit, row);
  } catch (error) {
    // What cannot be merged now never can.
    if (!(error instanceof MalformedError || error instanceof MissingBaseError)) throw error;
  }
}

function prefixOf({ name, storage }: RxDatabase): string {
  return `breakwater typed ${name} ${storage.name} `;
}
