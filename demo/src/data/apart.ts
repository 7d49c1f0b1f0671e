import { type Observable, Subject } from 'rxjs';
import type { Notes, Replication } from './database.ts';
import { AUTHORED, type Authored, signedBy } from './note.ts';
import type { NoteWriter } from './note-writer.ts';

/** Two devices changed one note without knowing of each other. */
export interface Apart {
  readonly id: string;
  readonly title: string;
  /** What this device had written, and what still stands. */
  readonly kept: readonly Authored[];
  /** What came. */
  readonly came: readonly Authored[];
  /** Written on both: the other's was later. */
  readonly contested: readonly Authored[];
}

export interface ApartOptions {
  readonly notes: Notes;
  readonly sync: Replication;
  readonly writer: NoteWriter;
}

interface OwnFields {
  readonly fields: Set<Authored>;
  /** When the server had them; undefined: not yet. */
  storedAt: number | undefined;
}

/**
 * What was written elsewhere before the server had what was written here cannot have known of it. Who wrote a field is in
 * the note itself.
 */
export function watchApart({ notes, sync, writer }: ApartOptions): Observable<Apart> {
  const apart$ = new Subject<Apart>();
  const ownById = new Map<string, OwnFields>();

  writer.written$.subscribe(({ id, fields }) => {
    const known = ownById.get(id);
    if (known === undefined || known.storedAt !== undefined) {
      ownById.set(id, { fields: new Set(fields), storedAt: undefined });
    } else for (const field of fields) known.fields.add(field);
  });
  sync.pending$.subscribe(({ rows }) => {
    if (rows > 0) return;
    for (const own of ownById.values()) own.storedAt ??= Date.now();
  });
  notes.$.subscribe(({ operation, documentId, documentData, previousDocumentData }) => {
    const own = ownById.get(documentId);
    if (operation !== 'UPDATE' || own === undefined || own.fields.size === 0) return;
    const { fields, storedAt = Number.POSITIVE_INFINITY } = own;
    const came = AUTHORED.filter((field) => {
      const signed = signedBy(documentData, field);
      const isNews = signed !== undefined && signed.at !== signedBy(previousDocumentData, field)?.at;
      return isNews && signed.author !== writer.author && signed.at < storedAt;
    });
    if (came.length === 0) return;
    apart$.next({
      id: documentId,
      title: documentData.title,
      kept: [...fields].filter((field) => !came.includes(field)),
      came: came.filter((field) => !fields.has(field)),
      contested: came.filter((field) => fields.has(field)),
    });
  });
  return apart$;
}
