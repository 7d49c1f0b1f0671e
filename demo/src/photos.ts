import type { Subscription } from 'rxjs';
import { type NoteDocument, type Photo, putImage, type Replication, type Transfer } from './database.ts';
import { byId, within } from './dom.ts';
import type { NoteWriter } from './note-writer.ts';
import { createPhotoTile, type PhotoTile } from './photo-tile.ts';
import { createPhotoViewer } from './photo-viewer.ts';
import type { Toast } from './toast.ts';

/** The photos of the note that is open: shown, added, removed. */
export interface Photos {
  show(note: NoteDocument): void;
  /** Shows none, and lets go of their bytes. */
  clear(): void;
}

export interface PhotosOptions {
  readonly sync: Replication;
  readonly writer: NoteWriter;
  readonly toast: Toast;
}

/** Pixels of a photo's longer edge, at most: sharp on every screen, and a fraction of what a camera makes. */
const MAX_EDGE = 2560;

export function createPhotos({ sync, writer, toast }: PhotosOptions): Photos {
  const strip = byId('photos', HTMLElement);
  const list = within(strip, 'ul', HTMLUListElement);
  const input = byId('photo-input', HTMLInputElement);
  const viewer = createPhotoViewer();
  const tileByKey = new Map<string, PhotoTile>();
  let note: NoteDocument | undefined;
  let transfers: readonly Transfer[] = [];
  let subscription: Subscription | undefined;

  input.addEventListener('change', () => {
    void add([...(input.files ?? [])]);
    input.value = '';
  });
  acceptDrops(byId('editor', HTMLElement), (files) => void add(files));

  function show(shown: NoteDocument): void {
    note = shown;
    subscription ??= sync.transfers$.subscribe(drawTransfers);
    const photos = shown.allAttachments().toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const keys = new Set(photos.map(keyOf));
    for (const [key, tile] of tileByKey) if (!keys.has(key)) drop(key, tile);
    const tiles = photos.map((photo) => tileByKey.get(keyOf(photo)) ?? addTile(photo));
    for (const [at, { element }] of tiles.entries()) {
      if (list.children[at] !== element) list.insertBefore(element, list.children[at] ?? null);
    }
    drawTransfers(transfers);
  }

  function addTile(photo: Photo): PhotoTile {
    const tile = createPhotoTile(photo, { sync, onOpen: viewer.open, onRemove: () => void remove(photo) });
    tileByKey.set(keyOf(photo), tile);
    return tile;
  }

  function drop(key: string, tile: PhotoTile): void {
    tileByKey.delete(key);
    tile.close();
  }

  function drawTransfers(current: readonly Transfer[]): void {
    transfers = current;
    for (const tile of tileByKey.values()) tile.drawTransfer(current.find(({ digest }) => digest === tile.digest));
  }

  async function add(files: readonly File[]): Promise<void> {
    const target = note;
    if (target === undefined) return;
    strip.ariaBusy = 'true';
    for (const file of files) {
      try {
        await putImage(target.getLatest(), file, { name: nameOf(file), maxEdge: MAX_EDGE });
        await writer.change(target.getLatest(), {});
      } catch (error) {
        toast.show(`“${file.name}” was not added: ${messageOf(error)}`);
      }
    }
    strip.ariaBusy = 'false';
  }

  async function remove(photo: Photo): Promise<void> {
    try {
      await photo.remove();
      await writer.change(photo.doc.getLatest(), {});
    } catch (error) {
      toast.show(`The photo was not removed: ${messageOf(error)}`);
    }
  }

  return {
    show,
    clear() {
      note = undefined;
      subscription?.unsubscribe();
      subscription = undefined;
      for (const [key, tile] of tileByKey) drop(key, tile);
    },
  };
}

/** Another picture under the same name is another tile. */
function keyOf({ id, digest }: Photo): string {
  return `${id} ${digest}`;
}

/** In the order in which they were added; two of one name are two. */
function nameOf({ name }: File): string {
  return `${new Date().toISOString()} ${crypto.randomUUID().slice(0, 4)} ${name}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function acceptDrops(target: HTMLElement, take: (files: readonly File[]) => void): void {
  const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true;
  const mark = (isOver: boolean) => target.classList.toggle('is-drop-target', isOver);
  target.addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    mark(true);
  });
  target.addEventListener('dragleave', ({ relatedTarget }) => {
    if (!(relatedTarget instanceof Node && target.contains(relatedTarget))) mark(false);
  });
  target.addEventListener('drop', (event) => {
    mark(false);
    if (!hasFiles(event)) return;
    event.preventDefault();
    take([...(event.dataTransfer?.files ?? [])]);
  });
}
