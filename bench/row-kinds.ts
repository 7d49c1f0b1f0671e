/*
 * The rows that costs and sizes are measured on. They are written the way a device writes them, by the capture, and
 * become states the way replication reads them.
 */
import { createClock, type DocumentPlan, defineCollections, type Path, pick, type State } from '@breakwater/crdt';
import { clone } from 'rxdb';
import { captureWrite } from '../packages/client/src/storage/capture.ts';
import { toLocalRow } from '../packages/client/src/storage/document-row.ts';
import { type StoredDocument, setRowMeta } from '../packages/client/src/storage/row-meta.ts';
import { type Note, notesDefinition } from './notes.ts';

const collections = defineCollections({
  notes: notesDefinition,
  texts: { ...notesDefinition, merge: { body: 'text' } },
});

export interface RowKind {
  readonly name: string;
  readonly plural: string;
  readonly collection: string;
  readonly plan: DocumentPlan;
  /** What the update of this number writes over what the row holds: something else, of about the same size. */
  change(note: Note, update: number): Partial<Note>;
}

/** Eight fields, all of them registers. Each update writes one, in turns. */
export const registerRow: RowKind = {
  name: 'register row',
  plural: 'register rows',
  collection: 'notes',
  plan: collections.notes.plan,
  change(note, update) {
    const changes: Partial<Note>[] = [
      { title: `Harbour ${update % 7} at mid tide` },
      { body: replaceWord(note.body, update) },
      { place: `Quay ${update % 7}` },
      { country: note.country === 'NO' ? 'DK' : 'NO' },
      { rating: (note.rating + 1) % 6 },
      { visited: !note.visited },
      { tags: [`sea${update % 7}`, `sea${update % 5}`] },
      { updatedAt: note.updatedAt + 1 },
    ];
    return changes[update % changes.length] ?? {};
  },
};

/** The same fields, one of them a text. Each update puts another word in the place of one in the text. */
export const textRow: RowKind = {
  name: 'row with a text',
  plural: 'rows with a text',
  collection: 'texts',
  plan: collections.texts.plan,
  change: (note, update) => ({ body: replaceWord(note.body, update) }),
};

/** None of them is in a new note. */
const WORDS = ['gulls', 'tides', 'ropes', 'masts', 'kelps', 'winds', 'docks'];

/** Not word after word: one word here, the next one far from it. */
function replaceWord(text: string, update: number): string {
  const words = text.split(' ');
  words[(update * 7) % words.length] = WORDS[update % WORDS.length] ?? '';
  return words.join(' ');
}

/** One opening of an app: it has a node id and a Yjs client id that nobody had before. */
export interface Writer {
  insert(note: Note): StoredDocument;
  patch(stored: StoredDocument, fields: Partial<Note>): StoredDocument;
  /** Stamps a write in place, as the storage wrapper does. */
  capture(previous: StoredDocument | undefined, document: StoredDocument): void;
}

/** `now` answers milliseconds since 1970. */
export function openWriter({ plan, collection }: RowKind, now: () => number = Date.now): Writer {
  const [clientId = 0] = crypto.getRandomValues(new Uint32Array(1));
  const parts = { plan, clock: createClock({ now }), author: { collection, replica: 'bench', clientId } };

  function capture(previous: StoredDocument | undefined, document: StoredDocument): void {
    setRowMeta(document, captureWrite(parts, previous, document), 1);
  }

  return {
    capture,
    insert(note) {
      const document = toDocument(note);
      capture(undefined, document);
      return document;
    },
    patch(stored, fields) {
      const document = patched(stored, fields);
      capture(stored, document);
      return document;
    },
  };
}

/** A note as RxDB hands it to a storage. */
export function toDocument(note: Note): StoredDocument {
  return { ...note, tags: [...note.tags], _deleted: false, _attachments: {}, _rev: '1-bench', _meta: { lwt: 1 } };
}

/** What RxDB makes of a patch before it reaches the storage: objects and arrays are others than the stored ones. */
export function patched(stored: StoredDocument, fields: Partial<Note>): StoredDocument {
  return Object.assign(clone(stored), fields);
}

/** The fields of a document that {@link toDocument} made. */
export function noteIn(stored: StoredDocument): Note {
  return stored as unknown as Note;
}

export function stateOf({ plan }: RowKind, stored: StoredDocument): State {
  return toLocalRow(plan, stored).state;
}

/** What replication sends of a write. */
export function deltaOf(kind: RowKind, stored: StoredDocument, fields: Partial<Note>): State {
  return pick(stateOf(kind, stored), Object.keys(fields) as Path[]);
}
