import { byId } from './dom.ts';
import { bindText, bindValue, type FieldBinding } from './field-binding.ts';
import type { Note } from './note.ts';
import type { FieldChange } from './note-writer.ts';

type Save = (change: FieldChange) => Promise<Note | undefined>;

/** Every field of the editor; each is saved on its own. */
export function bindFields(save: Save): readonly FieldBinding[] {
  return [bindTitle(save), bindPlace(save), bindCountry(save), bindTags(save), bindRating(save), bindVisited(save)];
}

function bindTitle(save: Save): FieldBinding {
  const element = byId('note-title', HTMLInputElement);
  return bindText({ element, read: (note) => note.title, save: (title) => save({ title }) });
}

function bindPlace(save: Save): FieldBinding {
  const element = byId('note-place', HTMLInputElement);
  return bindText({ element, read: (note) => note.place.name, save: (name) => save({ place: { name } }) });
}

function bindCountry(save: Save): FieldBinding {
  const element = byId('note-country', HTMLInputElement);
  const tidy = (text: string) => text.toUpperCase();
  const read = (note: Note) => note.place.country;
  return bindText({ element, read, tidy, save: (text) => save({ place: { country: tidy(text) } }) });
}

function bindTags(save: Save): FieldBinding {
  const element = byId('note-tags', HTMLInputElement);
  const read = ({ tags = [] }: Pick<Note, 'tags'>) => tags.join(', ');
  const tidy = (text: string) => read({ tags: parseTags(text) });
  return bindText({ element, read, tidy, save: (text) => save({ tags: parseTags(text) }) });
}

/** In the order in which a set shows its members, so that what is typed in another order is left as it is. */
function parseTags(text: string): string[] {
  const tags = text.split(',').map((tag) => tag.trim());
  return [...new Set(tags.filter(Boolean))].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

function bindRating(save: Save): FieldBinding {
  const element = byId('note-rating', HTMLInputElement);
  const show = (rating: number) => {
    element.value = String(rating);
    describe(rating);
  };
  const describe = (rating: number) => {
    element.style.setProperty('--stars', String(rating));
    element.setAttribute('aria-valuetext', rating === 0 ? 'not rated' : `${rating} of 5 stars`);
  };
  element.addEventListener('input', () => describe(element.valueAsNumber));
  return bindValue({
    element,
    read: (note) => note.rating,
    save: (rating) => save({ rating }),
    get: () => element.valueAsNumber,
    set: show,
  });
}

function bindVisited(save: Save): FieldBinding {
  const element = byId('note-visited', HTMLInputElement);
  return bindValue({
    element,
    read: (note) => note.visited,
    save: (visited) => save({ visited }),
    get: () => element.checked,
    set: (visited) => {
      element.checked = visited;
    },
  });
}
