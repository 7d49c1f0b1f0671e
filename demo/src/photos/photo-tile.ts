import { imageUrl, type Photo, type Replication, type Transfer } from '../data/database.ts';
import { fromTemplate, setText, within } from '../dom.ts';
import { formatBytes } from '../format.ts';
import { fileNameOf } from './photo-names.ts';

/** One photo of the strip: a placeholder until its bytes are here, then the picture. */
export interface PhotoTile {
  readonly element: HTMLElement;
  readonly digest: string;
  drawTransfer(transfer: Transfer | undefined): void;
  /** Removes it from the page and lets go of its bytes. */
  close(): void;
}

export interface PhotoTileOptions {
  readonly sync: Replication;
  readonly onOpen: (url: string, label: string) => void;
  readonly onRemove: () => void;
}

export function createPhotoTile(photo: Photo, { sync, onOpen, onRemove }: PhotoTileOptions): PhotoTile {
  const element = fromTemplate('photo-template', HTMLElement);
  const open = within(element, '.photo-open', HTMLButtonElement);
  const note = within(element, '.photo-note', HTMLElement);
  const progress = within(element, 'progress', HTMLProgressElement);
  const controller = new AbortController();
  const label = fileNameOf(photo.id);
  element.dataset.digest = photo.digest;
  open.disabled = true;
  open.ariaLabel = `Show ${label}`;
  within(element, '.photo-remove', HTMLButtonElement).ariaLabel = `Remove ${label}`;
  within(element, '.photo-remove', HTMLButtonElement).addEventListener('click', onRemove);
  setText(note, formatBytes(photo.length));
  let release = () => {};

  async function load(): Promise<void> {
    const image = await imageUrl(photo, {
      read: (attachment) => sync.attachmentData(attachment, { wait: true, signal: controller.signal }),
    });
    release = image.revoke;
    if (controller.signal.aborted) return release();
    const img = within(element, 'img', HTMLImageElement);
    img.src = image.url;
    img.alt = label;
    await img.decode();
    element.classList.add('is-here');
    open.disabled = false;
    open.addEventListener('click', () => onOpen(image.url, label));
  }

  load().catch((error: unknown) => {
    if (controller.signal.aborted) return;
    element.classList.add('is-broken');
    setText(note, error instanceof Error ? error.message : String(error));
  });

  return {
    element,
    digest: photo.digest,
    drawTransfer(transfer) {
      progress.hidden = transfer === undefined;
      element.classList.toggle('is-going-up', transfer?.direction === 'up');
      if (transfer === undefined) return;
      progress.max = transfer.total;
      progress.value = transfer.bytes;
    },
    close() {
      controller.abort();
      release();
      element.remove();
    },
  };
}
