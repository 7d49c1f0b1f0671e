import type { Observable } from 'rxjs';
import type { Apart } from '../data/apart.ts';
import { AUTHORED, type Authored, type Note, signedBy } from '../data/note.ts';
import { partOf } from '../dom.ts';
import { formatWhen } from '../format.ts';

/** The line that says who wrote what of a note. */
export interface Authors {
  show(note: Note): void;
}

export const FIELD_NAMES: { readonly [F in Authored]: string } = {
  title: 'name',
  place: 'town',
  country: 'country',
  tags: 'tags',
  body: 'text',
  photos: 'photos',
};

export function createAuthors(root: HTMLElement, self: string, apart$: Observable<Apart>): Authors {
  const line = partOf(root, 'authors', HTMLElement);
  const apartById = new Map<string, Apart>();
  let shown: Note | undefined;

  apart$.subscribe((apart) => {
    apartById.set(apart.id, apart);
    if (shown?.id === apart.id) draw(shown);
  });

  function draw(note: Note): void {
    const apart = apartById.get(note.id);
    line.classList.toggle('is-apart', apart !== undefined);
    const authors = authorsOf(note).map(([author, fields]) => toMark(author, fields, author === self));
    line.replaceChildren(
      ...(apart === undefined ? [] : [toLabel('Written apart, both kept')]),
      ...authors,
      toTime(formatWhen(note.updatedAt, Date.now())),
    );
  }

  return {
    show(note) {
      // Most changes, of every letter of a text for example, change no author.
      const isSame = shown?.id === note.id && JSON.stringify(shown.by) === JSON.stringify(note.by);
      shown = note;
      if (!isSame) draw(note);
    },
  };
}

function authorsOf(note: Note): readonly (readonly [string, readonly Authored[]])[] {
  const fieldsByAuthor = Map.groupBy(AUTHORED, (field) => signedBy(note, field)?.author ?? '');
  fieldsByAuthor.delete('');
  return [...fieldsByAuthor].sort(([a], [b]) => (a < b ? -1 : 1));
}

function toMark(author: string, fields: readonly Authored[], isSelf: boolean): HTMLElement {
  const mark = document.createElement('span');
  mark.className = 'author';
  mark.classList.toggle('is-self', isSelf);
  const name = document.createElement('b');
  name.textContent = author;
  mark.append(name, ` ${fields.map((field) => FIELD_NAMES[field]).join(', ')}`);
  return mark;
}

function toLabel(text: string): HTMLElement {
  const label = document.createElement('em');
  label.textContent = text;
  return label;
}

function toTime(text: string): HTMLElement {
  const time = document.createElement('span');
  time.className = 'authors-when';
  time.textContent = text;
  return time;
}
