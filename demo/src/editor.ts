import type { Subscription } from 'rxjs';
import { createBodyEditor } from './body-editor.ts';
import { createChart } from './chart.ts';
import type { NoteDocument, Notes, Replication } from './database.ts';
import { byId, setText } from './dom.ts';
import { bindFields } from './editor-fields.ts';
import { countryName, formatNumber, formatPosition, formatWhen } from './format.ts';
import type { Note } from './note.ts';
import type { NoteWriter } from './note-writer.ts';
import type { Photos } from './photos.ts';
import type { Toast } from './toast.ts';

export interface Editor {
  /** Shows a note; undefined shows none. */
  open(id: string | undefined): void;
  /** Shows nothing until a note is opened. */
  close(): void;
  /** Puts the caret into the title as soon as the note is shown. */
  focusTitle(): void;
}

export interface EditorOptions {
  readonly notes: Notes;
  readonly sync: Replication;
  /** This device's, as others see it. */
  readonly deviceName: string;
  readonly writer: NoteWriter;
  readonly toast: Toast;
  readonly photos: Photos;
  readonly onClose: () => void;
}

export function createEditor(options: EditorOptions): Editor {
  const { notes, sync, deviceName, writer, toast, photos, onClose } = options;
  const form = byId('editor', HTMLFormElement);
  const welcome = byId('welcome', HTMLElement);
  const drawChart = createChart();
  let document_: NoteDocument | undefined;
  let subscription: Subscription | undefined;
  let wantsTitle = false;

  const fields = bindFields(async (change) => {
    if (document_ === undefined) return undefined;
    return writer.change(document_, change).catch(showFailure);
  });
  const body = createBodyEditor({
    sync,
    deviceName,
    // The text itself is saved by the open document; the note's time of change is this page's own affair.
    onTyped: (note) => void writer.change(note, {}).catch(showFailure),
    onError: showFailure,
  });

  form.addEventListener('submit', (event) => event.preventDefault());
  byId('close-note', HTMLButtonElement).addEventListener('click', onClose);
  byId('delete-note', HTMLButtonElement).addEventListener('click', () => void deleteNote());
  // The last moment in which a page that is being closed can still begin a write.
  window.addEventListener('pagehide', flushAll);
  document.addEventListener('visibilitychange', flushAll);

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
    photos.clear();
    document_ = undefined;
    form.hidden = true;
    welcome.hidden = true;
  }

  function open(id: string | undefined): void {
    close();
    welcome.hidden = id !== undefined;
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
    if (wantsTitle) byId('note-title', HTMLInputElement).focus();
    wantsTitle = false;
  }

  function showMissing(): void {
    toast.show(
      document_ === undefined ? 'This note is not on this device.' : 'This note was deleted in another window.',
    );
    onClose();
  }

  function showFacts(note: Note): void {
    setText(byId('country-name', HTMLElement), countryName(note.place.country));
    setText(byId('note-changed', HTMLElement), `Changed ${formatWhen(note.updatedAt, Date.now())}`);
    drawChart(note);
    const { lat, lng, population } = note;
    const position = lat === undefined || lng === undefined ? 'Not on the chart' : formatPosition(lat, lng);
    setText(byId('note-position', HTMLElement), position);
    setText(byId('note-population', HTMLElement), population === undefined ? '' : `${formatNumber(population)} people`);
  }

  async function deleteNote(): Promise<void> {
    const removed = document_;
    if (removed === undefined) return;
    const note = removed.toMutableJSON();
    subscription?.unsubscribe();
    await writer.remove(removed);
    onClose();
    toast.show(`Deleted “${note.title || 'Untitled note'}”`, {
      label: 'Undo',
      run: () => void writer.restore(note).catch(() => toast.show('The note is already back.')),
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
