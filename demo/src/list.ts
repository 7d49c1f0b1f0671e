import type { Notes } from './database.ts';
import { byId } from './dom.ts';
import { formatCount } from './format.ts';
import { createFreshness } from './freshness.ts';
import { type Note, titleKeyOf } from './note.ts';
import { createPager, type NotePage, type Pager, type View } from './note-pager.ts';
import { createRow, drawRow, ROW_HEIGHT } from './note-row.ts';
import type { NoteWriter } from './note-writer.ts';
import { createThrottle } from './throttle.ts';
import { createWindowList } from './window-list.ts';

export interface NoteList {
  /** Marks the note that is open in the editor. */
  select(id: string | undefined): void;
}

export interface NoteListOptions {
  readonly notes: Notes;
  readonly writer: NoteWriter;
  readonly onOpen: (id: string) => void;
  readonly onError: (error: unknown) => void;
}

/** What arrives within this time arrives together, in milliseconds. */
const ARRIVAL_MS = 150;

export function createNoteList({ notes, writer, onOpen, onError }: NoteListOptions): NoteList {
  const viewport = byId('list', HTMLElement);
  const search = byId('search', HTMLInputElement);
  const freshness = createFreshness(writer);
  let page: NotePage = { total: 0, start: 0, rows: [] };
  let view: View = { sort: 'recent', prefix: '' };
  let selected: string | undefined;
  let pager = startPager();

  const rows = createWindowList<Note>({
    viewport,
    canvas: byId('list-canvas', HTMLElement),
    rowHeight: ROW_HEIGHT,
    keyOf: (note) => note.id,
    createRow,
    drawRow: (row, note) => drawRow(row, note, { isSelected: note?.id === selected, isFresh: freshness.has(note?.id) }),
    onSight: (first, last) => pager.show(first, last),
  });

  const settle = createThrottle(freshness.settle, ARRIVAL_MS);
  notes.$.subscribe((event) => {
    freshness.add(event);
    settle();
  });
  search.addEventListener('input', () => setView({ ...view, prefix: titleKeyOf(search.value) }));
  for (const radio of document.querySelectorAll<HTMLInputElement>('input[name=sort]')) {
    radio.addEventListener('change', () => setView({ ...view, sort: radio.value === 'name' ? 'name' : 'recent' }));
  }
  viewport.addEventListener('click', onClick);
  viewport.addEventListener('keydown', onKey);

  function startPager(): Pager {
    return createPager({ notes, view, onPage: showPage, onError });
  }

  function setView(next: View): void {
    view = next;
    pager.stop();
    pager = startPager();
    rows.scrollToTop();
    pager.show(0, Math.ceil(viewport.clientHeight / ROW_HEIGHT));
  }

  function showPage(next: NotePage, shift: number): void {
    page = next;
    rows.update(page.total, (index) => page.rows[index - page.start], shift);
    showSummary();
  }

  function showSummary(): void {
    const isEmpty = page.total === 0;
    byId('list-empty', HTMLElement).hidden = !isEmpty || view.prefix !== '';
    byId('list-none-found', HTMLElement).hidden = !isEmpty || view.prefix === '';
    byId('found', HTMLElement).textContent = view.prefix === '' ? '' : `${formatCount(page.total, 'note')} found`;
    viewport.ariaBusy = 'false';
  }

  function onClick(event: MouseEvent): void {
    const row = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-id]') : null;
    if (!row?.dataset.id) return;
    // A row may leave the document at any time, and the focus with it.
    viewport.focus({ preventScroll: true });
    onOpen(row.dataset.id);
  }

  function onKey(event: KeyboardEvent): void {
    const current = page.rows.findIndex((note) => note.id === selected) + page.start;
    const index = stepFrom(current, event.key);
    const note = index === undefined ? undefined : page.rows[index - page.start];
    if (index === undefined || note === undefined) return;
    event.preventDefault();
    rows.reveal(index);
    onOpen(note.id);
  }

  return {
    select(id) {
      selected = id;
      if (id === undefined) viewport.removeAttribute('aria-activedescendant');
      else viewport.setAttribute('aria-activedescendant', `note-${id}`);
      rows.redraw();
    },
  };
}

/** Where a key leads from a row; undefined for keys that are not the list's. */
function stepFrom(index: number, key: string): number | undefined {
  switch (key) {
    case 'ArrowDown':
      return index + 1;
    case 'ArrowUp':
      return Math.max(0, index - 1);
    case 'Home':
      return 0;
    default:
      return undefined;
  }
}
