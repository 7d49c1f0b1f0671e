import type { Instance, StoredDocument } from '@breakwater/client/sync';
import type { BulkWriteRow, EventBulk, RxStorageChangeEvent, RxStorageWriteError } from 'rxdb';
import { Subject } from 'rxjs';
import type { Tasks } from './tasks.ts';

type Fields = { [field: string]: unknown };

export type Documents = Map<string, StoredDocument>;

/** A document has reached the disk. */
export interface Written {
  readonly previous: StoredDocument | undefined;
  readonly document: StoredDocument;
  readonly context: string;
}

export interface ModelInstanceOptions {
  readonly documentsById: Documents;
  readonly tasks: Tasks;
  readonly schema: object;
  /** Does a reader get a copy of each document (as from IndexedDB) or the stored object itself (as from memory)? */
  readonly copies: boolean;
  /** Is a write refused whose `previous` is not what is stored? Only a mutation check says no. */
  readonly compares: boolean;
  /** Are reads answered at once? What reads little and rarely need not be waited for. */
  readonly readsAtOnce?: boolean;
  readonly onWritten: (written: Written) => void;
}

/** As much of a storage instance as RxDB and replication use: reads and writes happen when the simulation says so. */
export function createModelInstance(options: ModelInstanceOptions): Instance {
  const { documentsById, tasks, schema, copies, compares, readsAtOnce = false, onWritten } = options;
  const changes$ = new Subject<EventBulk<RxStorageChangeEvent<Fields>, unknown>>();
  const handOut = (document: StoredDocument) => (copies ? { ...document } : document);
  const read: Tasks['add'] = readsAtOnce ? async (run) => run() : tasks.add;

  function write(rows: readonly BulkWriteRow<Fields>[], context: string) {
    const error: RxStorageWriteError<Fields>[] = [];
    const written: Written[] = [];
    for (const row of rows) {
      const document = row.document as StoredDocument;
      const documentId = idOf(document);
      const previous = documentsById.get(documentId);
      if (compares && !isPrevious(row.previous as StoredDocument | undefined, previous)) {
        const conflict = { status: 409, isError: true, documentId, documentInDb: previous, writeRow: row, context };
        error.push(conflict as never);
      } else {
        documentsById.set(documentId, document);
        written.push({ previous, document, context });
      }
    }
    for (const each of written) onWritten(each);
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
    findDocumentsById: (ids: string[], withDeleted: boolean) =>
      read(() =>
        ids
          .flatMap((id) => documentsById.get(id) ?? [])
          .filter(({ _deleted }) => withDeleted || !_deleted)
          .map(handOut),
      ),
    // Whoever asks looks through the answer once more.
    query: () =>
      read(() => ({ documents: [...documentsById.values()].filter(({ _deleted }) => !_deleted).map(handOut) })),
    getChangedDocumentsSince: (limit: number, since: { readonly id: string; readonly lwt: number }) =>
      read(() => changedSince(limit, since)),
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

function toEvent({ document }: Written) {
  return { documentId: idOf(document), documentData: document, operation: 'UPDATE' };
}

function compare(document: StoredDocument, since: { readonly id: string; readonly lwt: number }): number {
  if (document._meta.lwt !== since.lwt) return document._meta.lwt - since.lwt;
  const id = idOf(document);
  return id === since.id ? 0 : id > since.id ? 1 : -1;
}
