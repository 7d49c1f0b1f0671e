import type { NoteDocument, Notes } from './database.ts';
import { changedAt, type Note, titled } from './note.ts';

/** A change of one field; the place's two halves are fields of their own. */
export type FieldChange = Partial<Pick<Note, 'title' | 'body' | 'tags' | 'visited' | 'rating'>> & {
  readonly place?: Partial<Note['place']>;
};

/** Writes notes, and knows which changes were this window's. */
export interface NoteWriter {
  create(): Promise<string>;
  /** Answers the note as it is after the change. */
  change(document: NoteDocument, change: FieldChange): Promise<Note>;
  remove(document: NoteDocument): Promise<void>;
  /** Takes back a removal. */
  restore(note: Note): Promise<void>;
  /** Whether the note's last change was made here: only those of others are news. */
  isOwn(note: Pick<Note, 'id' | 'updatedAt'>): boolean;
}

/** Far more than can be under way, far less than would be noticed. */
const REMEMBERED_WRITES = 500;

export function createNoteWriter(notes: Notes): NoteWriter {
  // Several may be under way for one note, so its last one is not enough.
  const ownWrites = new Set<string>();

  function stamp(id: string): Pick<Note, 'updatedAt' | 'newestFirst'> {
    const at = Date.now();
    ownWrites.add(nameWrite(id, at));
    const [oldest] = ownWrites;
    if (ownWrites.size > REMEMBERED_WRITES && oldest !== undefined) ownWrites.delete(oldest);
    return changedAt(at);
  }

  return {
    async create() {
      const id = crypto.randomUUID();
      const place = { name: '', country: '' };
      await notes.insert({ id, ...titled(''), place, body: '', visited: false, rating: 0, ...stamp(id) });
      return id;
    },
    async change(document, { title, place, ...rest }) {
      const fields = { ...rest, ...(title === undefined ? {} : titled(title)), ...stamp(document.id) };
      const changed = place
        ? // Inside the queue of writes: the other half of the place may have changed since it was shown.
          await document.incrementalModify((note) => ({ ...note, ...fields, place: { ...note.place, ...place } }))
        : await document.incrementalPatch(fields);
      return changed.toMutableJSON();
    },
    async remove(document) {
      await document.incrementalRemove();
    },
    async restore(note) {
      await notes.insert({ ...note, ...stamp(note.id) });
    },
    isOwn: ({ id, updatedAt }) => ownWrites.has(nameWrite(id, updatedAt)),
  };
}

function nameWrite(id: string, at: number): string {
  return `${id} ${at}`;
}
