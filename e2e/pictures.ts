import type { Locator } from 'playwright';

/** Drops a picture with the noise of a camera, made in the page, on the note that a device shows. Answers the bytes of the file. */
export function dropPicture(device: Locator, type: string): Promise<number> {
  return device.getByTestId('editor').evaluate(async (editor, type) => {
    const [width, height] = type === 'image/png' ? [1400, 900] : [2400, 1600];
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('no canvas');
    const image = context.createImageData(width, height);
    for (let i = 0; i < image.data.length; i += 4) {
      const at = i / 4;
      for (let channel = 0; channel < 3; channel++) {
        const light = 110 + 80 * Math.sin((at % width) / 170 + channel) * Math.cos(Math.floor(at / width) / 210);
        image.data[i + channel] = light + 40 * (Math.random() - 0.5);
      }
      image.data[i + 3] = 255;
    }
    context.putImageData(image, 0, 0);
    const blob = await canvas.convertToBlob({ type, quality: 0.95 });
    const transfer = new DataTransfer();
    transfer.items.add(new File([blob], `harbour.${type.slice('image/'.length)}`, { type }));
    editor.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }));
    return blob.size;
  }, type);
}

export interface ShownPhoto {
  readonly digest: string | undefined;
  /** Of the bytes that the page shows. */
  readonly sha256: string;
}

/** Waits until a device shows so many photos. */
export async function shownPhotos(device: Locator, count: number): Promise<ShownPhoto[]> {
  await device
    .locator('[data-testid="photo"].is-here')
    .nth(count - 1)
    .waitFor({ timeout: 60_000 });
  return device.evaluate(async (root) => {
    const shown = [...root.querySelectorAll<HTMLElement>('[data-testid="photo"].is-here')];
    return Promise.all(
      shown.map(async (tile) => {
        const bytes = await (await fetch(tile.querySelector('img')?.src ?? '')).arrayBuffer();
        const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
        const sha256 = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
        return { digest: tile.dataset.digest, sha256 };
      }),
    );
  });
}
