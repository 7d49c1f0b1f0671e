import type { NewNote } from '../data/note-writer.ts';
import { byId, setText } from '../dom.ts';
import { countryName } from '../format.ts';
import { SHARE_KEY } from './share-key.ts';
import type { SharedPlace } from './shared-place.ts';

/**
 * Shows the place that the address carries, if it carries one, without waiting for database or server.
 *
 * @param add puts it into the journal; it is called once the visitor wants it
 */
export async function showSharedPlace(add: (place: NewNote) => Promise<void>): Promise<void> {
  const snapshot = takeSnapshot();
  if (snapshot === undefined) return;
  const dialog = byId('share', HTMLDialogElement);
  const { decodePlace } = await import('./shared-place.ts');
  byId('share-close', HTMLButtonElement).addEventListener('click', () => dialog.close());
  try {
    const place = decodePlace(snapshot);
    show(place);
    byId('share-add', HTMLButtonElement).addEventListener('click', () => void take(place));
  } catch (error) {
    showBroken(messageOf(error));
  }
  dialog.showModal();

  async function take({ lat, lng, tags, ...place }: SharedPlace): Promise<void> {
    const button = byId('share-add', HTMLButtonElement);
    button.disabled = true;
    const position = lat === undefined || lng === undefined ? {} : { lat, lng };
    try {
      await add({ ...place, tags: [...tags], ...position });
      dialog.close();
    } catch (error) {
      button.disabled = false;
      setText(byId('share-note', HTMLElement), `It was not added: ${messageOf(error)}`);
    }
  }
}

/** Taken out of the address: a reload must not ask again. It may come with the notes that are open. */
function takeSnapshot(): string | undefined {
  // URLSearchParams would read the plus signs of a snapshot as spaces.
  const parts = location.hash.slice(1).split('&');
  const shared = parts.find((part) => part.startsWith(`${SHARE_KEY}=`));
  if (shared === undefined) return undefined;
  const rest = parts.filter((part) => part !== shared).join('&');
  history.replaceState(null, '', `${location.pathname}${location.search}${rest === '' ? '' : `#${rest}`}`);
  return shared.slice(SHARE_KEY.length + 1);
}

function show({ title, body, tags, place }: SharedPlace): void {
  setText(byId('share-title', HTMLElement), title || 'Unnamed place');
  const where = [place.name === title ? '' : place.name, countryName(place.country)].filter(Boolean).join(', ');
  setText(byId('share-where', HTMLElement), where);
  setText(byId('share-text', HTMLElement), body || 'Nothing is written about it yet.');
  const items = tags.map((tag) => {
    const item = document.createElement('li');
    item.textContent = tag;
    return item;
  });
  byId('share-tags', HTMLElement).replaceChildren(...items);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function showBroken(reason: string): void {
  setText(byId('share-kicker', HTMLElement), 'A link to a place');
  setText(byId('share-title', HTMLElement), 'This link cannot be read');
  setText(byId('share-text', HTMLElement), reason);
  byId('share-add', HTMLButtonElement).hidden = true;
  setText(byId('share-note', HTMLElement), 'Your own journal is untouched.');
}
