import { imageUrl, type NoteDocument, type Photo, type Replication } from '../data/database.ts';
import { within } from '../dom.ts';
import { isThumbnail } from '../photos/photo-names.ts';

/** The small pictures in the list. Their bytes are in memory as long as a row shows them. */
export interface Thumbnails {
  /** Shows the first photo of the note, if it has one. */
  draw(row: HTMLElement, note: NoteDocument | undefined): void;
  /** The row is gone. */
  drop(row: HTMLElement): void;
}

interface Shown {
  readonly digest: string;
  readonly release: () => void;
}

export function createThumbnails(sync: Replication): Thumbnails {
  const shownByRow = new Map<HTMLElement, Shown>();

  function drop(row: HTMLElement): void {
    shownByRow.get(row)?.release();
    shownByRow.delete(row);
  }

  return {
    draw(row, note) {
      const photo = note === undefined ? undefined : firstThumbnail(note);
      if (shownByRow.get(row)?.digest === photo?.digest) return;
      drop(row);
      const img = within(row, 'img', HTMLImageElement);
      img.hidden = true;
      img.removeAttribute('src');
      if (photo !== undefined) shownByRow.set(row, { digest: photo.digest, release: show(img, photo, sync) });
    },
    drop,
  };
}

/** Answers how to let go of it. */
function show(img: HTMLImageElement, photo: Photo, sync: Replication): () => void {
  const controller = new AbortController();
  const { signal } = controller;
  let revoke = () => {};

  async function load(): Promise<void> {
    const image = await imageUrl(photo, {
      read: (attachment) => sync.attachmentData(attachment, { wait: true, signal }),
    });
    if (signal.aborted) return image.revoke();
    revoke = image.revoke;
    img.src = image.url;
    img.hidden = false;
  }

  // A row without its picture still shows where the place is.
  load().catch(() => {});
  return () => {
    controller.abort();
    revoke();
  };
}

function firstThumbnail(note: NoteDocument): Photo | undefined {
  const [first] = note
    .allAttachments()
    .filter(({ id }) => isThumbnail(id))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  return first;
}
