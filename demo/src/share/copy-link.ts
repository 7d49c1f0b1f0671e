import type { Note } from '../data/note.ts';
import type { Toast } from '../page/toast.ts';
import { SHARE_KEY } from './share-key.ts';

/** Puts a link to a copy of the place into the clipboard. */
export async function copyLink({ title, body, tags = [], place, lat, lng }: Note, toast: Toast): Promise<void> {
  const { encodePlace } = await import('./shared-place.ts');
  const position = lat === undefined || lng === undefined ? {} : { lat, lng };
  const link = new URL(location.pathname, location.href);
  link.hash = `${SHARE_KEY}=${encodePlace({ title, body, tags, place, ...position })}`;
  try {
    await navigator.clipboard.writeText(link.href);
    toast.show(`Link copied: ${title || 'the place'}, its text and tags are all in it.`);
  } catch {
    // Not every browser lets every page into the clipboard.
    window.prompt('The link to this place:', link.href);
  }
}
