import type { Subscription } from 'rxjs';
import { type NoteDocument, type Photo, putImage, type Replication, type Transfer } from '../data/database.ts';
import type { NoteWriter } from '../data/note-writer.ts';
import { partOf, within } from '../dom.ts';
import type { Toast } from '../page/toast.ts';
import { isThumbnail, namePhoto, thumbnailOf } from './photo-names.ts';
import { createPhotoTile, type PhotoTile } from './photo-tile.ts';
import { createPhotoViewer } from './photo-viewer.ts';

/** The photos of the note that is open: shown, added, removed. */
export interface Photos {
  show(note: NoteDocument): void;
  /** Shows none, and lets go of their bytes. */
  clear(): void;
}

export interface PhotosOptions {
  readonly root: HTMLElement;
  readonly sync: Replication;
  readonly writer: NoteWriter;
  readonly toast: Toast;
}

/** Pixels of a photo's longer edge, at most: sharp on every screen, and a fraction of what a camera makes. */
const MAX_EDGE = 2560;

/** Of the small one for the list: some kilobytes. */
const THUMBNAIL_EDGE = 160;

export function createPhotos({ root, sync, writer, toast }: PhotosOptions): Photos {
  const strip = partOf(root, 'photos', HTMLElement);
  const list = within(strip, 'ul', HTMLUListElement);
  const input = partOf(root, 'photo-input', HTMLInputElement);
  const viewer = createPhotoViewer();
  const tileByKey = new Map<string, PhotoTile>();
  let note: NoteDocument | undefined;
  let transfers: readonly Transfer[] = [];
  let subscription: Subscription | undefined;

  input.addEventListener('change', () => {
    void add([...(input.files ?? [])]);
    input.value = '';
  });
  acceptDrops(partOf(root, 'editor', HTMLElement), (files) => void add(files));
  partOf(root, 'sketch', HTMLButtonElement).addEventListener('click', () => void addSketch());

  function show(shown: NoteDocument): void {
    note = shown;
    subscription ??= sync.transfers$.subscribe(drawTransfers);
    const photos = photosOf(shown);
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

  async function addSketch(): Promise<void> {
    if (note === undefined) return;
    // Who never paints loads no brushes.
    const { paintSketch } = await import('./paint-sketch.ts');
    const of = note;
    if (of !== undefined) await add([await paintSketch({ seed: `${of.id} ${photosOf(of).length}`, title: of.title })]);
  }

  async function add(files: readonly File[]): Promise<void> {
    const target = note;
    if (target === undefined) return;
    strip.ariaBusy = 'true';
    for (const file of files) {
      try {
        const name = namePhoto(file.name);
        await putImage(target.getLatest(), file, { name: thumbnailOf(name), maxEdge: THUMBNAIL_EDGE });
        await putImage(target.getLatest(), file, { name, maxEdge: MAX_EDGE });
        await writer.sign(target.getLatest(), 'photos');
      } catch (error) {
        toast.show(`“${file.name}” was not added: ${messageOf(error)}`);
      }
    }
    strip.ariaBusy = 'false';
  }

  async function remove(photo: Photo): Promise<void> {
    try {
      await photo.remove();
      await photo.doc.getLatest().getAttachment(thumbnailOf(photo.id))?.remove();
      await writer.sign(photo.doc.getLatest(), 'photos');
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

function photosOf(note: NoteDocument): readonly Photo[] {
  return note
    .allAttachments()
    .filter(({ id }) => !isThumbnail(id))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Another picture under the same name is another tile. */
function keyOf({ id, digest }: Photo): string {
  return `${id} ${digest}`;
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
