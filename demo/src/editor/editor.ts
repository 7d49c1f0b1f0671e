import type { Observable, Subscription } from 'rxjs';
import type { Apart } from '../data/apart.ts';
import type { NoteDocument, Notes, Replication } from '../data/database.ts';
import type { Note } from '../data/note.ts';
import type { NoteWriter } from '../data/note-writer.ts';
import { partOf, setText } from '../dom.ts';
import { countryName, formatNumber, formatPosition } from '../format.ts';
import type { Toast } from '../page/toast.ts';
import type { Photos } from '../photos/photos.ts';
import { copyLink } from '../share/copy-link.ts';
import { createAuthors } from './authors.ts';
import { createBodyEditor } from './body-editor.ts';
import { createChart } from './chart.ts';
import { bindFields } from './editor-fields.ts';

export interface Editor {
  /** Shows a note; undefined shows none. */
  open(id: string | undefined): void;
  /** Shows nothing until a note is opened. */
  close(): void;
  /** Puts the caret into the title as soon as the note is shown. */
  focusTitle(): void;
}

export interface EditorOptions {
  readonly root: HTMLElement;
  readonly notes: Notes;
  readonly sync: Replication;
  /** This device's name, as others see it. */
  readonly label: string;
  readonly writer: NoteWriter;
  readonly apart$: Observable<Apart>;
  readonly toast: Toast;
  readonly photos: Photos;
  readonly onClose: () => void;
}

export function createEditor(options: EditorOptions): Editor {
  const { root, notes, sync, label, writer, apart$, toast, photos, onClose } = options;
  const form = partOf(root, 'editor', HTMLFormElement);
  const drawChart = createChart(root);
  const authors = createAuthors(root, writer.author, apart$);
  let document_: NoteDocument | undefined;
  let subscription: Subscription | undefined;
  let wantsTitle = false;

  const fields = bindFields(root, async (change) => {
    if (document_ === undefined) return undefined;
    return writer.change(document_, change).catch(showFailure);
  });
  const body = createBodyEditor({
    root,
    sync,
    deviceName: label,
    // The text itself is saved by the open document; who wrote it last, and when, is this page's own affair.
    onTyped: (note) => void writer.sign(note, 'body').catch(showFailure),
    onError: showFailure,
  });

  form.addEventListener('submit', (event) => event.preventDefault());
  onPress('close-note', onClose);
  onPress('delete-note', () => void deleteNote());
  onPress('like', () => document_ && void writer.like(document_).catch(showFailure));
  onPress('share-note', () => void shareNote().catch(showFailure));
  // The last moment in which a page that is being closed can still begin a write.
  window.addEventListener('pagehide', flushAll);
  document.addEventListener('visibilitychange', flushAll);

  function onPress(name: string, run: () => void): void {
    partOf(root, name, HTMLButtonElement).addEventListener('click', run);
  }

  function showFailure(error: unknown): undefined {
    toast.show(`The change could not be saved: ${error instanceof Error ? error.message : String(error)}`);
  }

  function flushAll(): void {
    for (const field of fields) field.flush();
  }

  function close(): void {
    for (const field of fields) field.reset();
    body.close();
    subscription?.unsubscribe();
    subscription = undefined;
    photos.clear();
    document_ = undefined;
    form.hidden = true;
  }

  let shownId: string | undefined;

  function open(id: string | undefined): void {
    if (id === shownId && subscription !== undefined) return;
    close();
    shownId = id;
    if (id !== undefined) subscription = notes.findOne(id).$.subscribe(show);
  }

  function show(found: NoteDocument | null): void {
    if (found === null) return showMissing();
    document_ = found;
    const note: Note = found.toMutableJSON();
    form.hidden = false;
    for (const field of fields) field.show(note);
    body.show(found);
    showFacts(note);
    photos.show(found);
    if (wantsTitle) partOf(root, 'note-title', HTMLInputElement).focus();
    wantsTitle = false;
  }

  function showMissing(): void {
    toast.show(
      document_ === undefined ? 'This place is not on this device.' : 'This place was removed on another device.',
    );
    onClose();
  }

  function showFacts(note: Note): void {
    const { lat, lng, population, likes = 0 } = note;
    setText(partOf(root, 'country-name', HTMLElement), countryName(note.place.country));
    setText(partOf(root, 'likes', HTMLElement), formatNumber(likes));
    drawChart(note);
    const position = lat === undefined || lng === undefined ? 'Not on the chart' : formatPosition(lat, lng);
    setText(partOf(root, 'note-position', HTMLElement), position);
    const people = population === undefined ? '' : `${formatNumber(population)} people`;
    setText(partOf(root, 'note-population', HTMLElement), people);
    authors.show(note);
  }

  /** With the letters that were typed a moment ago. */
  async function shareNote(): Promise<void> {
    flushAll();
    await Promise.all([body.flush(), writer.settled()]);
    const shared = document_?.getLatest().toMutableJSON();
    if (shared !== undefined) await copyLink(shared, toast);
  }

  async function deleteNote(): Promise<void> {
    const removed = document_;
    if (removed === undefined) return;
    const note = removed.toMutableJSON();
    subscription?.unsubscribe();
    await writer.remove(removed);
    onClose();
    toast.show(`Removed “${note.title || 'Unnamed place'}”`, {
      label: 'Undo',
      run: () => void writer.restore(note).catch(() => toast.show('The place is already back.')),
    });
  }

  return {
    open,
    close,
    focusTitle() {
      wantsTitle = true;
    },
  };
}
