import type { Page } from 'playwright';
import { beforeEach, describe, expect, it } from 'vitest';
import { useDemoDevices } from './demo-devices.ts';
import type { Device } from './device.ts';

const world = useDemoDevices('a', 'b');
let a: Device;
let b: Device;

beforeEach(() => {
  [a, b] = world.devices as [Device, Device];
});

describe('photos on the demo page', () => {
  it('[DE21] a photo dropped on one device has its place on the other at once, then its picture, bit by bit the same', async () => {
    await a.newNote('Pier 7');
    await b.openNote('Pier 7');
    for (const type of ['image/jpeg', 'image/png']) expect(await dropPicture(a.page, type)).toBeGreaterThan(2_000_000);
    await b.page.locator('[data-testid="photo"]').nth(1).waitFor();
    const [shownOnA, shownOnB] = await Promise.all([shownPhotos(a.page, 2), shownPhotos(b.page, 2)]);
    expect(shownOnA.map(({ sha256 }) => sha256)).toEqual(shownOnA.map(({ digest }) => digest));
    expect(shownOnB).toEqual(shownOnA);
  });

  it('[DE22] a photo added offline goes up after a reload', async () => {
    await a.newNote('Pier 7');
    await b.openNote('Pier 7');
    await a.setConnected(false);
    await a.lamp('offline');
    await dropPicture(a.page, 'image/jpeg');
    const [ofA] = await shownPhotos(a.page, 1);
    await a.page.reload();
    await a.lamp('live');
    expect(await shownPhotos(b.page, 1)).toEqual([ofA]);
  });

  it('[DE23] what is no picture is not added, and the page says why', async () => {
    await a.newNote('Pier 7');
    await a.page.evaluate(() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File(['not a picture'], 'notes.txt', { type: 'image/png' }));
      document
        .getElementById('editor')
        ?.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }));
    });
    await a.page.locator('#toast-text', { hasText: '“notes.txt” was not added' }).waitFor();
    expect(await a.page.getByTestId('photo').count()).toBe(0);
  });
});

/** Drops a picture with the noise of a camera, made in the page. Answers the bytes of the file. */
function dropPicture(page: Page, type: string): Promise<number> {
  return page.evaluate(async (type) => {
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
    document
      .getElementById('editor')
      ?.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }));
    return blob.size;
  }, type);
}

interface ShownPhoto {
  readonly digest: string | undefined;
  /** Of the bytes that the page shows. */
  readonly sha256: string;
}

/** Waits until so many photos are shown. */
async function shownPhotos(page: Page, count: number): Promise<ShownPhoto[]> {
  await page
    .locator('[data-testid="photo"].is-here')
    .nth(count - 1)
    .waitFor({ timeout: 30_000 });
  return page.evaluate(async () => {
    const shown = [...document.querySelectorAll<HTMLElement>('[data-testid="photo"].is-here')];
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
