import { beforeEach, describe, expect, it } from 'vitest';
import { useDemoDevices } from './demo-devices.ts';
import type { Device } from './device.ts';
import { dropPicture, shownPhotos } from './pictures.ts';

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
    for (const type of ['image/jpeg', 'image/png']) expect(await dropPicture(a.root, type)).toBeGreaterThan(2_000_000);
    await b.page.locator('[data-testid="photo"]').nth(1).waitFor();
    const [shownOnA, shownOnB] = await Promise.all([shownPhotos(a.root, 2), shownPhotos(b.root, 2)]);
    expect(shownOnA.map(({ sha256 }) => sha256)).toEqual(shownOnA.map(({ digest }) => digest));
    expect(shownOnB).toEqual(shownOnA);
  });

  it('[DE22] a photo added offline goes up after a reload', async () => {
    await a.newNote('Pier 7');
    await b.openNote('Pier 7');
    await a.setConnected(false);
    await a.lamp('offline');
    await dropPicture(a.root, 'image/jpeg');
    const [ofA] = await shownPhotos(a.root, 1);
    await a.page.reload();
    await a.lamp('live');
    expect(await shownPhotos(b.root, 1)).toEqual([ofA]);
  });

  it('[DE23] what is no picture is not added, and the page says why', async () => {
    await a.newNote('Pier 7');
    await a.root.getByTestId('editor').evaluate((editor) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File(['not a picture'], 'notes.txt', { type: 'image/png' }));
      editor.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }));
    });
    await a.page.locator('#toast-text', { hasText: '“notes.txt” was not added' }).waitFor();
    expect(await a.page.getByTestId('photo').count()).toBe(0);
  });
});
