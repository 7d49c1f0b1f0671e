import { createConnectionPanel } from './connection-panel.ts';
import { openFieldnotes } from './database.ts';
import { chooseDevice, type Device } from './device.ts';
import { byId, setText } from './dom.ts';
import { createEditor } from './editor.ts';
import { formatCount } from './format.ts';
import { createNoteList } from './list.ts';
import { createLoadButton } from './load-button.ts';
import { createNoteWriter } from './note-writer.ts';
import { createPhotos } from './photos.ts';
import { createQueryPanel } from './query-panel.ts';
import { createRefusedPanel } from './refused-panel.ts';
import { createToast } from './toast.ts';
import { createTransfersPanel } from './transfers-panel.ts';
import { createWeather } from './weather.ts';

void start().catch(showFailure);

async function start(): Promise<void> {
  if (!isSecureContext) throw new Error('browsers keep what this page needs for https and localhost');
  const address = new URL(location.href);
  const device = await chooseDevice(address.searchParams.get('device'));
  showDevice(device, address);
  await device.claimed;
  await run(device, address);
}

async function run(device: Device, address: URL): Promise<void> {
  const weather = createWeather();
  const toast = createToast();
  const onError = (error: unknown) => toast.show(error instanceof Error ? error.message : String(error));
  const { notes, sync } = await openFieldnotes({
    device: device.name,
    url: serverUrl(address),
    webSocket: weather.webSocket,
  });
  const writer = createNoteWriter(notes);
  const list = createNoteList({ notes, writer, onOpen: goTo, onError });
  const photos = createPhotos({ sync, writer, toast });
  const deviceName = labelOf(device);
  const onClose = () => goTo(undefined);
  const editor = createEditor({ notes, sync, deviceName, writer, toast, photos, onClose });
  createLoadButton(notes, toast);
  createConnectionPanel(sync, weather);
  createRefusedPanel(sync, onError);
  createTransfersPanel(sync);
  createQueryPanel(notes.database, onError);

  notes.count().$.subscribe((count) => setText(byId('note-count', HTMLElement), formatCount(count, 'note')));
  byId('new-note', HTMLButtonElement).addEventListener('click', () => void createNote().catch(onError));
  window.addEventListener('popstate', () => show(openNoteId()));
  show(openNoteId());

  async function createNote(): Promise<void> {
    // At once, so that nothing typed from now on goes into the note that was open.
    editor.close();
    goTo(await writer.create());
    editor.focusTitle();
  }

  function goTo(id: string | undefined): void {
    const target = id === undefined ? location.pathname + location.search : `#${NOTE_PREFIX}${encodeURIComponent(id)}`;
    // From the list into a note is a step that the back button takes back; from note to note is none.
    if (id !== undefined && openNoteId() === undefined) history.pushState(null, '', target);
    else history.replaceState(null, '', target);
    show(id);
  }

  function show(id: string | undefined): void {
    document.documentElement.classList.toggle('has-open-note', id !== undefined);
    list.select(id);
    editor.open(id);
  }
}

const NOTE_PREFIX = 'note=';

function openNoteId(): string | undefined {
  const fragment = location.hash.slice(1);
  return fragment.startsWith(NOTE_PREFIX) ? decodeURIComponent(fragment.slice(NOTE_PREFIX.length)) : undefined;
}

function serverUrl(address: URL): string {
  const { protocol, host } = location;
  return address.searchParams.get('server') ?? `${protocol === 'https:' ? 'wss' : 'ws'}://${host}/sync`;
}

function labelOf({ name }: Device): string {
  return `Device ${name.toUpperCase()}`;
}

function showDevice(device: Device, address: URL): void {
  const label = labelOf(device);
  setText(byId('device', HTMLElement), label);
  document.title = `Field notes · ${label}`;
  const another = new URL(address);
  another.searchParams.delete('device');
  another.hash = '';
  byId('another-device', HTMLAnchorElement).href = another.href;
}

function showFailure(error: unknown): void {
  const box = byId('failure', HTMLElement);
  box.hidden = false;
  setText(box, `Field notes could not start: ${error instanceof Error ? error.message : String(error)}`);
  throw error;
}
