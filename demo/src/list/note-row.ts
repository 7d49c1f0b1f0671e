import type { NoteDocument } from '../data/database.ts';
import type { Note } from '../data/note.ts';
import { fromTemplate, setText, within } from '../dom.ts';
import { describePlace, formatNumber, formatWhen } from '../format.ts';
import { drawMap } from './row-map.ts';

/** In CSS pixels; the style sheet has the same number. */
export const ROW_HEIGHT = 72;

export function createRow(): HTMLElement {
  const row = fromTemplate('row-template', HTMLElement);
  row.addEventListener('animationend', () => row.classList.remove('is-fresh'));
  return row;
}

export interface RowLook {
  /** Of the list: two lists may show one note. */
  readonly idPrefix: string;
  readonly isSelected: boolean;
  readonly isFresh: boolean;
}

export function drawRow(row: HTMLElement, note: NoteDocument | undefined, look: RowLook): void {
  row.classList.toggle('is-loading', note === undefined);
  if (note === undefined) return;
  row.id = `${look.idPrefix}${note.id}`;
  row.dataset.id = note.id;
  row.ariaSelected = String(look.isSelected);
  if (look.isFresh && row.dataset.updated !== String(note.updatedAt)) pointOut(row);
  row.dataset.updated = String(note.updatedAt);
  drawNote(row, note);
}

function drawNote(row: HTMLElement, note: Note): void {
  const { title, lat, lng, likes = 0, updatedAt } = note;
  row.classList.toggle('is-untitled', title === '');
  setText(within(row, '.row-title', HTMLElement), title || 'Unnamed place');
  setText(within(row, '.row-place', HTMLElement), describePlace(note) || 'Nowhere yet');
  setText(within(row, '.row-when', HTMLElement), formatWhen(updatedAt, Date.now()));
  setText(within(row, '.row-likes', HTMLElement), likes === 0 ? '' : `♥ ${formatNumber(likes)}`);
  drawMap(within(row, '.row-map', HTMLElement), lat, lng);
}

function pointOut(row: HTMLElement): void {
  row.classList.remove('is-fresh');
  // Reading the width makes the browser see the class gone, or the animation would not begin anew.
  void row.offsetWidth;
  row.classList.add('is-fresh');
}
