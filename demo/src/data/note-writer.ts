import { Subject } from 'rxjs';
import type { NoteDocument, Notes } from './database.ts';
import { type Authored, changedAt, type Note, signature, titled } from './note.ts';

/** A change of one field; the place's two halves are fields of their own. */
export type FieldChange = Partial<Pick<Note, 'title' | 'tags'>> & {
  readonly place?: Partial<Note['place']>;
};

/** What is known of a place that is not here yet. */
export type NewNote = Partial<Pick<Note, 'title' | 'body' | 'tags' | 'place' | 'lat' | 'lng' | 'population'>>;

export interface OwnWrite {
  readonly id: string;
  readonly fields: readonly Authored[];
}

/** Writes notes, and knows which changes were this device's. */
export interface NoteWriter {
  /** This device, as others see it. */
  readonly author: string;
  readonly written$: Subject<OwnWrite>;
  create(note?: NewNote): Promise<string>;
  /** Answers the note as it is after the change. */
  change(document: NoteDocument, change: FieldChange): Promise<Note>;
  /** What was written elsewhere, into the text or as a photo, was written here and now. */
  sign(document: NoteDocument, field: 'body' | 'photos'): Promise<void>;
  /** One more. Two devices that like at once count as two. */
  like(document: NoteDocument): Promise<void>;
  remove(document: NoteDocument): Promise<void>;
  /** Takes back a removal. */
  restore(note: Note): Promise<void>;
  /** Resolves once the changes that are under way are in the notes, or have failed. */
  settled(): Promise<void>;
  /** Writes of these times that are about to be made in bulk are this device's. */
  expect(from: number, to: number): void;
  /** Whether the note's last change was made here: only those of others are news. */
  isOwn(note: Pick<Note, 'id' | 'updatedAt'>): boolean;
}

/** Far more than can be under way, far less than would be noticed. */
const REMEMBERED_WRITES = 500;

export function createNoteWriter(notes: Notes, author: string): NoteWriter {
  const written$ = new Subject<OwnWrite>();
  // Several may be under way for one note, so its last one is not enough.
  const ownWrites = new Set<string>();
  const underWay = new Set<Promise<unknown>>();
  const ownSpans: { readonly from: number; readonly to: number }[] = [];

  function stamp(id: string): Pick<Note, 'updatedAt' | 'newestFirst'> {
    const at = Date.now();
    ownWrites.add(nameWrite(id, at));
    const [oldest] = ownWrites;
    if (ownWrites.size > REMEMBERED_WRITES && oldest !== undefined) ownWrites.delete(oldest);
    return changedAt(at);
  }

  function signed(fields: readonly Authored[]): NonNullable<Note['by']> {
    const mark = signature(author, Date.now());
    return Object.fromEntries(fields.map((field) => [field, mark]));
  }

  /** Inside the queue of writes: another half of the place, or another author, may have changed since it was shown. */
  async function write(document: NoteDocument, fields: readonly Authored[], change: (note: Note) => Note) {
    const writing = document.incrementalModify((note) => ({
      ...change(note),
      by: { ...note.by, ...signed(fields) },
      ...stamp(document.id),
    }));
    underWay.add(writing);
    const changed = await writing.finally(() => underWay.delete(writing));
    written$.next({ id: document.id, fields });
    return changed.toMutableJSON();
  }

  return {
    author,
    written$,
    async create({ title = '', ...given } = {}) {
      const id = crypto.randomUUID();
      const place = { name: '', country: '' };
      await notes.insert({ id, place, body: '', ...given, ...titled(title), by: signed(['title']), ...stamp(id) });
      return id;
    },
    change(document, { title, place, tags }) {
      const fields: Authored[] = [];
      if (title !== undefined) fields.push('title');
      if (place?.name !== undefined) fields.push('place');
      if (place?.country !== undefined) fields.push('country');
      if (tags !== undefined) fields.push('tags');
      return write(document, fields, (note) => ({
        ...note,
        ...(title === undefined ? {} : titled(title)),
        ...(tags === undefined ? {} : { tags }),
        place: { ...note.place, ...place },
      }));
    },
    async sign(document, field) {
      await write(document, [field], (note) => note);
    },
    async like(document) {
      await write(document, [], (note) => ({ ...note, likes: (note.likes ?? 0) + 1 }));
    },
    async remove(document) {
      await document.incrementalRemove();
    },
    async restore(note) {
      await notes.insert({ ...note, ...stamp(note.id) });
    },
    async settled() {
      await Promise.allSettled(underWay);
    },
    expect: (from, to) => void ownSpans.push({ from, to }),
    isOwn: ({ id, updatedAt }) =>
      ownWrites.has(nameWrite(id, updatedAt)) || ownSpans.some(({ from, to }) => from <= updatedAt && updatedAt <= to),
  };
}

function nameWrite(id: string, at: number): string {
  return `${id} ${at}`;
}
