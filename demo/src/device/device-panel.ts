import type { Observable } from 'rxjs';
import { type Apart, watchApart } from '../data/apart.ts';
import { type Fieldnotes, openFieldnotes } from '../data/database.ts';
import { createNoteWriter, type NoteWriter } from '../data/note-writer.ts';
import { fromTemplate, partOf, setText } from '../dom.ts';
import { createEditor } from '../editor/editor.ts';
import { formatCount } from '../format.ts';
import { createLine, type Line } from '../line/line.ts';
import { createNoteList } from '../list/list.ts';
import type { Route } from '../page/route.ts';
import type { Toast } from '../page/toast.ts';
import { labelOf } from '../page/window-devices.ts';
import { createPhotos } from '../photos/photos.ts';
import { createQueryButton } from '../queries/query-button.ts';
import { createConnectionBar } from './connection-bar.ts';
import { createLoadButton } from './load-button.ts';
import { createRefusedPanel } from './refused-panel.ts';
import { createTransfersPanel } from './transfers-panel.ts';
import { createWeatherChoice } from './weather-choice.ts';

/** A device of this window: a database, a connection and a line of its own. */
export interface DevicePanel extends Fieldnotes {
  readonly name: string;
  readonly label: string;
  readonly line: Line;
  readonly writer: NoteWriter;
  readonly apart$: Observable<Apart>;
  /** Shows the note that the address names. */
  follow(): void;
}

export interface DevicePanelOptions {
  readonly root: HTMLElement;
  readonly name: string;
  readonly url: string;
  readonly route: Route;
  readonly toast: Toast;
}

/** The device's place on the page, empty: nothing moves when the database is open. */
export function mountDevice(name: string): HTMLElement {
  const root = fromTemplate('device-template', HTMLElement);
  root.dataset.of = name;
  root.dataset.testid = `device-${name}`;
  root.ariaLabel = labelOf(name);
  setText(partOf(root, 'name', HTMLElement), labelOf(name));
  return root;
}

export async function openDevice({ root, name, url, route, toast }: DevicePanelOptions): Promise<DevicePanel> {
  const label = labelOf(name);
  const onError = (error: unknown) => toast.show(error instanceof Error ? error.message : String(error));
  const line = createLine();
  const { notes, sync } = await openFieldnotes({ device: name, url, webSocket: line.webSocket });
  const writer = createNoteWriter(notes, name.toUpperCase());
  const apart$ = watchApart({ notes, sync, writer });
  const list = createNoteList({ root, notes, sync, writer, onOpen: (id) => route.go(name, id), onError });
  const photos = createPhotos({ root, sync, writer, toast });
  const onClose = () => route.go(name, undefined);
  const editor = createEditor({ root, notes, sync, label, writer, apart$, toast, photos, onClose });
  createConnectionBar(root, sync);
  createWeatherChoice(root, line, sync);
  createLoadButton(root, notes, writer, toast);
  createRefusedPanel(root, sync, onError);
  createTransfersPanel(root, sync);
  createQueryButton(root, label, notes.database, onError);

  notes.count().$.subscribe((count) => setText(partOf(root, 'note-count', HTMLElement), formatCount(count, 'place')));
  partOf(root, 'new-note', HTMLButtonElement).addEventListener('click', () => void createNote().catch(onError));

  async function createNote(): Promise<void> {
    // At once, so that nothing typed from now on goes into the note that was open.
    editor.close();
    route.go(name, await writer.create());
    editor.focusTitle();
  }

  function follow(): void {
    const id = route.openNote(name);
    root.classList.toggle('has-open-note', id !== undefined);
    list.select(id);
    editor.open(id);
  }

  follow();
  return { name, label, notes, sync, line, writer, apart$, follow };
}
