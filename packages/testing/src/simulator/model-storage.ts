import type { Instance, StoredDocument } from '@breakwater/client/sync';
import type { BulkWriteRow, EventBulk, RxStorage, RxStorageChangeEvent, RxStorageWriteError } from 'rxdb';
import { Subject } from 'rxjs';
import type { Tasks } from './tasks.ts';

type Fields = { [field: string]: unknown };

/** What survives a crash of the device. */
export interface Disk {
  readonly documentsById: Map<string, StoredDocument>;
  readonly recordsByName: Map<string, object>;
}

export interface ModelStorageOptions {
  readonly disk: Disk;
  readonly tasks: Tasks;
  readonly schema: object;
  /** Does a reader get a copy of each document (as from IndexedDB) or the stored object itself (as from memory)? */
  readonly copies: boolean;
  /** Is a write refused whose `previous` is not what is stored? Only a mutation check says no. */
  readonly compares: boolean;
  /** A document has reached the disk. */
  readonly onWritten: (document: StoredDocument, context: string) => void;
}

/** As much of an RxStorage as replication uses: every read and write happens when the simulation says so. */
export function createModelStorage(options: ModelStorageOptions): RxStorage<unknown, unknown> {
  const instance = createInstance(options);
  return {
    name: 'model',
    rxdbVersion: '17.6.0',
    createStorageInstance: async () => instance as never,
  };
}

function createInstance({ disk, tasks, schema, copies, compares, onWritten }: ModelStorageOptions): Instance {
  const changes$ = new Subject<EventBulk<RxStorageChangeEvent<Fields>, unknown>>();
  const { documentsById } = disk;
  const handOut = (document: StoredDocument) => (copies ? { ...document } : document);

  function write(rows: readonly BulkWriteRow<Fields>[], context: string) {
    const error: RxStorageWriteError<Fields>[] = [];
    const written: StoredDocument[] = [];
    for (const row of rows) {
      const document = row.document as StoredDocument;
      const stored = documentsById.get(idOf(document));
      if (compares && !isPrevious(row.previous as StoredDocument | undefined, stored)) {
        error.push({ status: 409, isError: true, documentId: idOf(document), writeRow: row, context } as never);
      } else {
        documentsById.set(idOf(document), document);
        written.push(document);
      }
    }
    for (const document of written) onWritten(document, context);
    if (written.length > 0) changes$.next({ context, events: written.map(toEvent) } as never);
    return { error };
  }

  /** In the order of last write, then of id. */
  function changedSince(limit: number, since: { readonly id: string; readonly lwt: number }) {
    const documents = [...documentsById.values()].filter((document) => compare(document, since) > 0);
    documents.sort((a, b) => compare(a, { id: idOf(b), lwt: b._meta.lwt }));
    const page = documents.slice(0, limit);
    const last = page.at(-1);
    const checkpoint = last === undefined ? since : { id: idOf(last), lwt: last._meta.lwt };
    return { documents: page.map(handOut), checkpoint };
  }

  return {
    schema,
    bulkWrite: (rows: BulkWriteRow<Fields>[], context: string) => tasks.add(() => write(rows, context)),
    findDocumentsById: (ids: string[]) =>
      tasks.add(() => ids.flatMap((id) => documentsById.get(id) ?? []).map(handOut)),
    getChangedDocumentsSince: (limit: number, since: { readonly id: string; readonly lwt: number }) =>
      tasks.add(() => changedSince(limit, since)),
    changeStream: () => changes$,
    cleanup: async () => true,
    close: async () => {},
  } as unknown as Instance;
}

export function idOf(document: StoredDocument): string {
  return String(document.id);
}

/** As RxDB's storages compare: by revision only. An ack changes a document under its revision. */
function isPrevious(previous: StoredDocument | undefined, stored: StoredDocument | undefined): boolean {
  return previous?._rev === stored?._rev;
}

function toEvent(document: StoredDocument) {
  return { documentId: idOf(document), documentData: document, operation: 'UPDATE' };
}

function compare(document: StoredDocument, since: { readonly id: string; readonly lwt: number }): number {
  if (document._meta.lwt !== since.lwt) return document._meta.lwt - since.lwt;
  const id = idOf(document);
  return id === since.id ? 0 : id > since.id ? 1 : -1;
}
