import {
  type DocumentPlan,
  isRichKind,
  MissingBaseError,
  merge,
  type Stamp,
  type State,
  toPath,
} from '@breakwater/crdt';
import { createRevision, type RxCollection } from 'rxdb';
import { filter, map, type Observable } from 'rxjs';
import { untilWritten } from './batches-under-way.ts';
import { LIVE_CONTEXT } from './contexts.ts';
import { idOf, type LocalRow, toDocument, toLocalRow } from './document-row.ts';
import { rowMetaOf, type StoredDocument } from './row-meta.ts';
import { requireCaptured } from './with-breakwater.ts';

/** Which Yjs state of a row it is: another insert begins another, and going back leaves some of its structs behind. */
export interface RowLife {
  readonly generation: Stamp;
  /** How often the row went back to what the server holds. */
  readonly replaced: number;
}

/** What was typed in an open document since the last one of these. */
export interface LiveEdit {
  readonly id: string;
  readonly life: RowLife;
  /** The Yjs update of what was typed here. */
  readonly typed: Uint8Array;
  /** The Yjs update of everything that the open document has. */
  readonly whole: () => Uint8Array;
  /** The fields that were typed in. */
  readonly fields: Iterable<string>;
}

/** A collection's rows as open documents read and write them. */
export interface LiveRows {
  /** The row as it is stored, deleted or not; undefined: there is none. */
  read(id: string): Promise<LocalRow | undefined>;
  /**
   * Writes what was typed into the row, under the ids that it has in the open document, and marks it pending. Answers the
   * row as it is then; undefined: the row lives another life, and nothing of this belongs into it. `seen` is the row as it
   * was last seen: if it is still that, it need not be read, for which a page that is being left has no time.
   *
   * @throws MalformedError when it holds what a rich field cannot; Error when the storage fails.
   */
  write(edit: LiveEdit, seen: LocalRow): Promise<LocalRow | undefined>;
  /** One row whenever it changes, whoever changes it. */
  changesOf(id: string): Observable<LocalRow>;
}

export function isSameLife(a: RowLife, b: RowLife): boolean {
  return a.generation === b.generation && a.replaced === b.replaced;
}

export function lifeOf({ state, replaced }: LocalRow): RowLife {
  return { generation: state.generation, replaced };
}

/** @throws Error when the collection's storage was not wrapped with withBreakwater. */
export function createLiveRows(collection: RxCollection): LiveRows {
  const captured = requireCaptured(collection);
  const { plan, instance, lwt } = captured;
  const { database } = collection;

  async function find(id: string): Promise<StoredDocument | undefined> {
    const [stored] = await database.lockedRun(() => instance.findDocumentsById([id], true));
    return stored && captured.acknowledged.refresh(stored as StoredDocument);
  }

  /** Undefined: the row lives another life. False: somebody else has written it meanwhile. */
  async function tryWrite(edit: LiveEdit, stored: StoredDocument | undefined): Promise<LocalRow | undefined | false> {
    const local = stored && toLocalRow(plan, stored);
    if (local === undefined || !isSameLife(lifeOf(local), edit.life)) return undefined;
    // A batch that has to be undone must find the row as it left it.
    await untilWritten(database.token, rowMetaOf(local.document)?.batches ?? []);
    const document = withEdit(plan, local, edit);
    return (await store(local.document, document)) && toLocalRow(plan, document);
  }

  async function store(previous: StoredDocument, document: StoredDocument): Promise<boolean> {
    const writtenAt = lwt.next();
    const arrived = lwt.begin(writtenAt);
    document._rev = createRevision(database.token, previous);
    document._meta.lwt = writtenAt;
    try {
      const { error } = await database.lockedRun(() => captured.bulkWrite([{ previous, document }], LIVE_CONTEXT));
      const [failed] = error;
      if (failed === undefined || failed.status === 409) return failed === undefined;
      throw new Error(`${collection.name}: storing '${idOf(plan, document)}' failed with status ${failed.status}`);
    } finally {
      arrived();
    }
  }

  return {
    async read(id) {
      const stored = await find(id);
      return stored && toLocalRow(plan, stored);
    },
    async write(edit, seen) {
      // Its meta may be older than an ack.
      let written = await tryWrite(edit, captured.acknowledged.refresh(seen.document));
      while (written === false) written = await tryWrite(edit, await find(edit.id));
      if (written !== undefined) captured.announce([edit.id]);
      return written;
    },
    changesOf: (id) =>
      instance.changeStream().pipe(
        map(({ events }) => events.findLast(({ documentId }) => documentId === id)),
        filter((event) => event !== undefined),
        map(({ documentData }) => toLocalRow(plan, documentData as StoredDocument)),
      ),
  };
}

function withEdit(plan: DocumentPlan, local: LocalRow, { id, fields, ...edit }: LiveEdit): StoredDocument {
  const { seq, replaced, batches, document: previous } = local;
  const pending = new Set(local.pending);
  for (const field of fields) if (isRichField(plan, field)) pending.add(toPath([field]));
  return toDocument(mergeTyped(local.state, edit), { plan, id, previous, pending, seq, replaced, batches });
}

function isRichField({ kinds }: DocumentPlan, field: string): boolean {
  const kind = kinds.get(field);
  return kind !== undefined && isRichKind(kind);
}

/** @throws MalformedError when it holds what a rich field cannot. */
export function mergeTyped(state: State, { typed, whole }: Pick<LiveEdit, 'typed' | 'whole'>): State {
  const withRich = (rich: Uint8Array): State => {
    return merge(state, { generation: state.generation, registers: new Map(), partial: true, rich });
  };
  try {
    return withRich(typed);
  } catch (error) {
    // It builds on what others typed and the server has not yet written into the row.
    if (error instanceof MissingBaseError) return withRich(whole());
    throw error;
  }
}
