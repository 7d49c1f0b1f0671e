import type { NoteDocument, Notes, Replication } from '../data/database.ts';
import { titleKeyOf } from '../data/note.ts';
import type { NoteWriter } from '../data/note-writer.ts';
import { partOf, setText } from '../dom.ts';
import { formatNumber } from '../format.ts';
import { createThrottle } from '../throttle.ts';
import { createFreshness } from './freshness.ts';
import { createPager, type NotePage, type Pager, type View } from './note-pager.ts';
import { createRow, drawRow, ROW_HEIGHT } from './note-row.ts';
import { createThumbnails } from './thumbnails.ts';
import { createWindowList } from './window-list.ts';

export interface NoteList {
  /** Marks the note that is open in the editor. */
  select(id: string | undefined): void;
}

export interface NoteListOptions {
  readonly root: HTMLElement;
  readonly notes: Notes;
  readonly sync: Replication;
  readonly writer: NoteWriter;
  readonly onOpen: (id: string) => void;
  readonly onError: (error: unknown) => void;
}

/** What arrives within this time arrives together, in milliseconds. */
const ARRIVAL_MS = 150;

export function createNoteList({ root, notes, sync, writer, onOpen, onError }: NoteListOptions): NoteList {
  const viewport = partOf(root, 'list', HTMLElement);
  const search = partOf(root, 'search', HTMLInputElement);
  const thumbnails = createThumbnails(sync);
  const idPrefix = `${root.dataset.of}-note-`;
  const freshness = createFreshness(writer);
  let page: NotePage = { total: 0, start: 0, rows: [] };
  let view: View = { sort: 'recent', prefix: '' };
  let selected: string | undefined;
  let pager = startPager();

  const rows = createWindowList<NoteDocument>({
    viewport,
    canvas: partOf(root, 'list-canvas', HTMLElement),
    rowHeight: ROW_HEIGHT,
    keyOf: (note) => note.id,
    createRow,
    dropRow: thumbnails.drop,
    drawRow(row, note) {
      drawRow(row, note, { idPrefix, isSelected: note?.id === selected, isFresh: freshness.has(note?.id) });
      thumbnails.draw(row, note);
    },
    onSight: (first, last) => pager.show(first, last),
  });

  const settle = createThrottle(freshness.settle, ARRIVAL_MS);
  notes.$.subscribe((event) => {
    freshness.add(event);
    settle();
  });
  search.addEventListener('input', () => setView({ ...view, prefix: titleKeyOf(search.value) }));
  for (const radio of root.querySelectorAll<HTMLInputElement>('.sort input')) {
    radio.name = `${root.dataset.of}-sort`;
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
    partOf(root, 'list-empty', HTMLElement).hidden = !isEmpty || view.prefix !== '';
    partOf(root, 'list-none-found', HTMLElement).hidden = !isEmpty || view.prefix === '';
    setText(partOf(root, 'found', HTMLElement), view.prefix === '' ? '' : `${formatNumber(page.total)} found`);
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
      else viewport.setAttribute('aria-activedescendant', idPrefix + id);
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
