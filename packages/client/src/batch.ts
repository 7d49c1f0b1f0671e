import type { JsonObject } from '@breakwater/crdt';
import type { RxCollection, RxDatabase } from 'rxdb';
import { BatchError } from './errors.ts';
import { plainFields } from './storage/document-row.ts';
import type { StoredDocument } from './storage/row-meta.ts';
import { capturedStorageOf } from './storage/with-breakwater.ts';
import { type DocumentWrite, writeBatch } from './sync/write-batch.ts';

/** One collection within a batch. Nothing is written before the batch is over. */
export interface BatchCollection<D> {
  /** The document as the batch would leave it; undefined: there is none. */
  get(id: string): Promise<D | undefined>;
  /** A new document. */
  insert(document: D): void;
  /** These fields of a document that is there, each as a whole; an optional one that is undefined is removed. */
  patch(id: string, change: ChangeOf<D>): void;
  remove(id: string): void;
}

/** New values of some fields; undefined removes an optional one. */
export type ChangeOf<D> = {
  readonly [K in keyof D]?: Partial<Pick<D, K>> extends Pick<D, K> ? D[K] | undefined : D[K];
};

/** The collections of a database within a batch. */
export type BatchOf<C> = {
  readonly [K in keyof C]: C[K] extends RxCollection<infer D> ? BatchCollection<D> : never;
};

/** Documents of one batch: as many as the server takes in one push, unless it was told otherwise. */
const MAX_DOCUMENTS = 1_000;

/**
 * Writes documents of several collections together: here all of them or none, and later in one message to the server, which
 * stores or refuses them as one and tells other devices of them in one message. Hooks of the collections do not run.
 *
 * @param write says what to write; what it answers is the answer of the batch.
 * @throws BatchError when a document cannot be written: it is there already, or is not there, or does not fit the schema;
 * when it brings `_attachments`, which a batch does not write; when the batch has more than 1,000 documents. Nothing of the batch was written then, nor when `write` throws.
 */
export async function batch<C, R>(database: RxDatabase<C>, write: (tx: BatchOf<C>) => R | Promise<R>): Promise<R> {
  const untyped = database as unknown as RxDatabase;
  const staged = new Map<string, StagedDocument>();
  const answer = await write(stageIn(untyped, staged) as BatchOf<C>);
  if (staged.size > MAX_DOCUMENTS) {
    throw new BatchError(`a batch has at most ${MAX_DOCUMENTS} documents, this one has ${staged.size}; cut it up`);
  }
  await writeBatch(untyped, [...staged.values()].map(toWrite));
  return answer;
}

type Operation = (fields: JsonObject | undefined) => JsonObject | undefined;

interface StagedDocument {
  readonly collection: RxCollection;
  readonly id: string;
  readonly operations: Operation[];
}

function toWrite({ collection, id, operations }: StagedDocument): DocumentWrite {
  return { collection, id, change: (fields) => operations.reduce((now, operation) => operation(now), fields) };
}

function stageIn(
  database: RxDatabase,
  staged: Map<string, StagedDocument>,
): { [name: string]: BatchCollection<never> } {
  const collections = Object.values(database.collections) as RxCollection[];
  const captured = collections.filter(({ storageInstance }) =>
    capturedStorageOf(storageInstance.originalStorageInstance),
  );
  return Object.fromEntries(captured.map((collection) => [collection.name, stageCollection(collection, staged)]));
}

function stageCollection(collection: RxCollection, staged: Map<string, StagedDocument>): BatchCollection<never> {
  const { name, schema } = collection;

  function stage(id: string, operation: Operation): void {
    const key = JSON.stringify([name, id]);
    const document = staged.get(key) ?? { collection, id, operations: [] };
    staged.set(key, document);
    document.operations.push(operation);
  }

  function refuse(id: string, why: string): never {
    throw new BatchError(`${name}: '${id}' ${why}; nothing of the batch was written`);
  }

  function requireNoAttachments(fields: { readonly _attachments?: object }, what: string): void {
    if (Object.keys(fields._attachments ?? {}).length === 0) return;
    throw new BatchError(
      `${name}: ${what} of the batch has _attachments, which a batch cannot write; nothing of it was written. Leave them out, and call putAttachment once it is over`,
    );
  }

  return {
    async get(id) {
      const [stored] = await collection.storageInstance.findDocumentsById([id], false);
      const operations = staged.get(JSON.stringify([name, id]))?.operations ?? [];
      const fields = stored && plainFields(stored as StoredDocument);
      return operations.reduce<JsonObject | undefined>((now, operation) => operation(now), fields) as never;
    },
    insert(document) {
      requireNoAttachments(document, 'a document');
      const copy: JsonObject = structuredClone(document);
      const id = schema.getPrimaryOfDocumentData(copy);
      stage(id, (fields) => (fields === undefined ? copy : refuse(id, 'cannot be inserted: it is there already')));
    },
    patch(id, change) {
      requireNoAttachments(change, `'${id}'`);
      const copy: JsonObject = structuredClone(change);
      stage(id, (fields) => {
        if (fields === undefined) return refuse(id, 'cannot be patched: there is no such document');
        return withoutUndefined({ ...fields, ...copy });
      });
    },
    remove(id) {
      stage(id, (fields) =>
        fields === undefined ? refuse(id, 'cannot be removed: there is no such document') : undefined,
      );
    },
  };
}

function withoutUndefined(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
