import type { RxAttachment, RxCollection, RxDatabase, RxQuery } from 'rxdb';
import type { Observable } from 'rxjs';
import { describeError } from '../describe-error.ts';
import { AttachmentMissingError, StorageFullError } from '../errors.ts';
import type { SyncError } from '../status.ts';
import { requireCaptured } from '../storage/with-breakwater.ts';
import type { AttachmentRef } from './attachment-ref.ts';
import { askToPersist } from './device-storage.ts';
import type { FetchOptions } from './download-options.ts';
import { fetchOnRead } from './fetch-on-read.ts';
import { missingAmong, missingIn, type Prefetched, prefetch } from './prefetch.ts';
import { requirePlainBytes } from './require-plain-bytes.ts';

export interface AttachmentsOptions {
  readonly database: RxDatabase;
  readonly collections: readonly RxCollection[];
  /** In whatever tab replicates. */
  readonly fetch: (ref: AttachmentRef, options: FetchOptions) => Promise<Blob>;
  /** Shall the platform be asked to keep the data, once an attachment is written? */
  readonly persist: boolean;
  readonly errors$: Observable<SyncError>;
  readonly onError: (error: Omit<SyncError, 'at'>) => void;
}

/** How long an app waits for bytes. */
export interface AttachmentDataOptions {
  /** Wait for a link, and until the server has the bytes. Default: false, what cannot be had now is an error. */
  readonly wait?: boolean;
  readonly signal?: AbortSignal;
}

/** What a tab makes of attachments, whether it replicates or watches. */
export interface Attachments {
  /** @throws Error when the database names bytes by another hash than sha-256, or compresses or encrypts them. */
  open(): Promise<void>;
  data(attachment: RxAttachment<unknown>, options?: AttachmentDataOptions): Promise<Blob>;
  prefetch(of?: RxCollection | RxQuery, options?: AttachmentDataOptions): Promise<Prefetched>;
  close(): void;
}

export function createAttachments(options: AttachmentsOptions): Attachments {
  const { database, fetch, persist, errors$, onError } = options;
  const collections = options.collections.filter((collection) => requireCaptured(collection).plan.attachments);
  const cleanUps: (() => void)[] = [];
  let hasAsked = !persist;

  function watch(collection: RxCollection): void {
    const { attached$, full$ } = requireCaptured(collection);
    const attached = attached$.subscribe(askOnce);
    cleanUps.push(() => attached.unsubscribe());
    const full = full$.subscribe((cause) => {
      onError({ code: 'storage-full', message: describeError(cause), collection: collection.name, cause });
    });
    cleanUps.push(() => full.unsubscribe());
  }

  function askOnce(): void {
    if (hasAsked) return;
    hasAsked = true;
    // A platform that refuses, or fails, changes nothing.
    askToPersist().catch(() => {});
  }

  async function* missing(of: RxCollection | RxQuery | undefined): AsyncGenerator<AttachmentRef> {
    if (of === undefined) for (const collection of collections) yield* missingIn(collection);
    else if (isCollection(of)) yield* missingIn(of);
    else yield* missingAmong(of);
  }

  async function prefetchAll(
    of: RxCollection | RxQuery | undefined,
    { wait = false, signal }: AttachmentDataOptions,
  ): Promise<Prefetched> {
    const controller = new AbortController();
    // What comes now could not be kept.
    const full = errors$.subscribe(({ code, cause }) => {
      if (code === 'storage-full')
        controller.abort(cause instanceof StorageFullError ? cause : new StorageFullError(cause));
    });
    const either = signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal]);
    try {
      return await prefetch(missing(of), { signal: either, fetch: (ref) => fetch(ref, { wait, signal: either }) });
    } finally {
      full.unsubscribe();
      controller.abort();
    }
  }

  for (const collection of options.collections) watch(collection);
  for (const collection of collections) {
    cleanUps.push(fetchOnRead(collection, (ref) => fetch(ref, { wait: false })));
  }

  return {
    async open() {
      await requirePlainBytes(database, collections);
    },
    async data(attachment, { wait = false, signal } = {}) {
      const { doc, id: name, digest, length, type } = attachment;
      try {
        return await readStored(attachment);
      } catch (error) {
        if (!(error instanceof AttachmentMissingError)) throw error;
        const ref = { collection: doc.collection.name, id: doc.primary, name, digest, length, type };
        return ofType(await fetch(ref, { wait, signal }), type);
      }
    },
    prefetch: (of, prefetchOptions = {}) => prefetchAll(of, prefetchOptions),
    close() {
      for (const cleanUp of cleanUps.splice(0)) cleanUp();
    },
  };
}

function isCollection(of: RxCollection | RxQuery): of is RxCollection {
  return 'storageInstance' in of;
}

async function readStored({ doc, id, digest, type }: RxAttachment<unknown>): Promise<Blob> {
  const { database, storageInstance } = doc.collection;
  const { originalStorageInstance } = storageInstance;
  const data = await database.lockedRun(() => originalStorageInstance.getAttachmentData(doc.primary, id, digest));
  return ofType(data, type);
}

function ofType(data: Blob, type: string): Blob {
  return data.type === type ? data : data.slice(0, data.size, type);
}
