import type { Note } from '../data/note.ts';
import type { NoteWriter } from '../data/note-writer.ts';

/** Which notes have just been changed elsewhere, so that the list can point them out for a moment. */
export interface Freshness {
  add(event: { readonly operation: string; readonly documentData: Pick<Note, 'id' | 'updatedAt'> }): void;
  has(id: string | undefined): boolean;
  /** The list shows all that was added. */
  settle(): void;
}

/** How long a note is fresh, in milliseconds; the style sheet fades it out over the same time. */
const FRESH_MS = 2400;

/** When more than this arrive between two refreshes it is a delivery, not an edit, and nothing is pointed out. */
const TOO_MANY = 20;

export function createFreshness(writer: NoteWriter): Freshness {
  const freshUntilById = new Map<string, number>();
  let arrived: string[] = [];

  function settle(): void {
    const now = Date.now();
    for (const [id, until] of freshUntilById) if (until < now) freshUntilById.delete(id);
    arrived = [];
  }

  return {
    add({ operation, documentData }) {
      if (operation === 'DELETE' || writer.isOwn(documentData)) return;
      arrived.push(documentData.id);
      if (arrived.length <= TOO_MANY) freshUntilById.set(documentData.id, Date.now() + FRESH_MS);
      else for (const id of arrived) freshUntilById.delete(id);
    },
    has: (id) => id !== undefined && (freshUntilById.get(id) ?? 0) > Date.now(),
    settle,
  };
}
