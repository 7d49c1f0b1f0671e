import { type ImageUrl, imageUrl, putImage } from '@breakwater/client';
import type { RxDocument } from 'rxdb';

/** Puts the file that a user has picked on the note. */
export async function setCover(note: RxDocument, file: File): Promise<void> {
  await putImage(note, file, { name: 'cover', maxEdge: 1_600 });
}

/** Shows the cover, and answers how to take it away again. */
export async function showCover(note: RxDocument, element: HTMLImageElement): Promise<ImageUrl | undefined> {
  const cover = note.getAttachment('cover');
  if (cover === null) return undefined;
  const shown = await imageUrl(cover);
  element.src = shown.url;
  return shown; // shown.revoke() once the element is gone
}
