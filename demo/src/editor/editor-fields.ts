import type { Note } from '../data/note.ts';
import type { FieldChange } from '../data/note-writer.ts';
import { partOf } from '../dom.ts';
import { bindText, type FieldBinding } from './field-binding.ts';

type Save = (change: FieldChange) => Promise<Note | undefined>;

/** Every field of the editor; each is saved on its own. */
export function bindFields(root: HTMLElement, save: Save): readonly FieldBinding[] {
  return [bindTitle(root, save), bindPlace(root, save), bindCountry(root, save), bindTags(root, save)];
}

function bindTitle(root: HTMLElement, save: Save): FieldBinding {
  const element = partOf(root, 'note-title', HTMLInputElement);
  return bindText({ element, read: (note) => note.title, save: (title) => save({ title }) });
}

function bindPlace(root: HTMLElement, save: Save): FieldBinding {
  const element = partOf(root, 'note-place', HTMLInputElement);
  return bindText({ element, read: (note) => note.place.name, save: (name) => save({ place: { name } }) });
}

function bindCountry(root: HTMLElement, save: Save): FieldBinding {
  const element = partOf(root, 'note-country', HTMLInputElement);
  const tidy = (text: string) => text.toUpperCase();
  const read = (note: Note) => note.place.country;
  return bindText({ element, read, tidy, save: (text) => save({ place: { country: tidy(text) } }) });
}

function bindTags(root: HTMLElement, save: Save): FieldBinding {
  const element = partOf(root, 'note-tags', HTMLInputElement);
  const read = ({ tags = [] }: Pick<Note, 'tags'>) => tags.join(', ');
  const tidy = (text: string) => read({ tags: parseTags(text) });
  return bindText({ element, read, tidy, save: (text) => save({ tags: parseTags(text) }) });
}

/** In the order in which a set shows its members, so that what is typed in another order is left as it is. */
function parseTags(text: string): string[] {
  const tags = text.split(',').map((tag) => tag.trim());
  return [...new Set(tags.filter(Boolean))].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
