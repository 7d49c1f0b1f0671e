import { fromTemplate, setText, within } from './dom.ts';
import { describePlace, formatWhen } from './format.ts';
import type { Note } from './note.ts';

/** In CSS pixels; the style sheet has the same number. */
export const ROW_HEIGHT = 68;

export function createRow(): HTMLElement {
  const row = fromTemplate('row-template', HTMLElement);
  row.addEventListener('animationend', () => row.classList.remove('is-fresh'));
  return row;
}

export interface RowLook {
  readonly isSelected: boolean;
  readonly isFresh: boolean;
}

export function drawRow(row: HTMLElement, note: Note | undefined, { isSelected, isFresh }: RowLook): void {
  row.classList.toggle('is-loading', note === undefined);
  if (note === undefined) return;
  row.id = `note-${note.id}`;
  row.dataset.id = note.id;
  row.ariaSelected = String(isSelected);
  if (isFresh && row.dataset.updated !== String(note.updatedAt)) pointOut(row);
  row.dataset.updated = String(note.updatedAt);
  drawNote(row, note);
}

function drawNote(row: HTMLElement, note: Note): void {
  row.classList.toggle('is-untitled', note.title === '');
  row.classList.toggle('is-visited', note.visited);
  setText(within(row, '.row-title', HTMLElement), note.title || 'Untitled note');
  setText(within(row, '.row-place', HTMLElement), describePlace(note) || 'No place yet');
  setText(within(row, '.row-when', HTMLElement), formatWhen(note.updatedAt, Date.now()));
  const rating = within(row, '.row-rating', HTMLElement);
  rating.style.setProperty('--stars', String(note.rating));
  rating.hidden = note.rating === 0;
  rating.ariaLabel = `${note.rating} of 5 stars`;
}

function pointOut(row: HTMLElement): void {
  row.classList.remove('is-fresh');
  // Reading the width makes the browser see the class gone, or the animation would not begin anew.
  void row.offsetWidth;
  row.classList.add('is-fresh');
}
