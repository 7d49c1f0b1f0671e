import { byId, within } from '../dom.ts';

/** Shows one photo as large as the window. */
export interface PhotoViewer {
  open(url: string, label: string): void;
}

export function createPhotoViewer(): PhotoViewer {
  const dialog = byId('photo-viewer', HTMLDialogElement);
  const img = within(dialog, 'img', HTMLImageElement);
  dialog.addEventListener('click', () => dialog.close());

  return {
    open(url, label) {
      img.src = url;
      img.alt = label;
      dialog.showModal();
    },
  };
}
