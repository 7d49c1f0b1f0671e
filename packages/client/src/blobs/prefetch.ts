import type { RxCollection, RxDocument, RxQuery } from 'rxdb';
import { AttachmentMissingError } from '../errors.ts';
import { attachmentBytesOf } from '../storage/attachment-bytes.ts';
import { changedDocuments } from '../storage/changed-documents.ts';
import { idOf } from '../storage/document-row.ts';
import type { StoredDocument } from '../storage/row-meta.ts';
import { requireCaptured } from '../storage/with-breakwater.ts';
import type { AttachmentRef } from './attachment-ref.ts';

export interface Prefetched {
  /** Attachments whose bytes have come. */
  readonly fetched: number;
  /** Those whose bytes could not be had now. */
  readonly missing: number;
}

export interface PrefetchOptions {
  readonly fetch: (ref: AttachmentRef) => Promise<Blob>;
  readonly signal: AbortSignal;
}

/** Attachments fetched at once. One less than go at once at all: what the user looks at need not wait. */
const AT_ONCE = 2;

/** @throws what aborted the signal, or ended replication. */
export async function prefetch(refs: AsyncIterable<AttachmentRef>, options: PrefetchOptions): Promise<Prefetched> {
  const { fetch, signal } = options;
  const iterator = refs[Symbol.asyncIterator]();
  let fetched = 0;
  let missing = 0;

  async function work(): Promise<void> {
    for (;;) {
      const { value: ref, done } = await iterator.next();
      if (done) return;
      signal.throwIfAborted();
      try {
        await fetch(ref);
        fetched++;
      } catch (error) {
        if (!(error instanceof AttachmentMissingError)) throw error;
        missing++;
      }
    }
  }

  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { fetched, missing };
}

/** The attachments of a collection whose bytes are not on the device. */
export async function* missingIn(collection: RxCollection): AsyncGenerator<AttachmentRef> {
  const { plan, instance } = requireCaptured(collection);
  if (!plan.attachments) return;
  const { database } = collection;
  for await (const documents of changedDocuments(instance, 0, (read) => database.lockedRun(read))) {
    for (const document of documents) yield* missingOf(collection, idOf(plan, document), document);
  }
}

/** The same of the documents that a query finds. */
export async function* missingAmong(query: RxQuery): AsyncGenerator<AttachmentRef> {
  const found: unknown = await query.exec();
  const documents = Array.isArray(found) ? found : found instanceof Map ? [...found.values()] : [found ?? []].flat();
  for (const document of documents as RxDocument[]) {
    yield* missingOf(query.collection, document.primary, document.toMutableJSON(true) as unknown as StoredDocument);
  }
}

async function* missingOf(
  collection: RxCollection,
  id: string,
  { _attachments }: StoredDocument,
): AsyncGenerator<AttachmentRef> {
  const bytes = attachmentBytesOf(collection);
  for (const [name, { digest, length, type }] of Object.entries(_attachments ?? {})) {
    const held = await bytes.held(id, name, digest);
    if (held?.isWhole === false) yield { collection: collection.name, id, name, digest, length, type };
  }
}
