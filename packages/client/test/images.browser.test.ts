import { addRxPlugin } from 'rxdb';
import { RxDBAttachmentsPlugin } from 'rxdb/plugins/attachments';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rasterType } from '../src/images/raster-type.ts';
import { createDatabase, ImageError, imageUrl, putImage } from '../src/index.ts';
import { noteCollections } from './note-collections.ts';

addRxPlugin(RxDBAttachmentsPlugin);

let note: Awaited<ReturnType<typeof openNote>>;

beforeEach(async () => {
  note = await openNote();
});

afterEach(() => note.collection.database.remove());

async function openNote() {
  const name = `images-${crypto.randomUUID()}`;
  const database = await createDatabase({ name, storage: getRxStorageDexie(), collections: noteCollections });
  return database.notes.insert({ id: 'a', title: 'with a picture' });
}

/** A picture whose left half is red and whose right half is blue. */
function picture(width: number, height: number, type: string): Promise<Blob> {
  const { canvas, context } = paper(width, height);
  context.fillStyle = 'red';
  context.fillRect(0, 0, width / 2, height);
  context.fillStyle = 'blue';
  context.fillRect(width / 2, 0, width / 2, height);
  return canvas.convertToBlob({ type, quality: 1 });
}

function noisePicture(width: number, height: number): Promise<Blob> {
  const { canvas, context } = paper(width, height);
  const image = context.createImageData(width, height);
  let seed = 1;
  for (let i = 0; i < image.data.length; i++) {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    image.data[i] = i % 4 === 3 ? 255 : seed % 256;
  }
  context.putImageData(image, 0, 0);
  return canvas.convertToBlob({ type: 'image/png' });
}

function paper(width: number, height: number) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('no canvas');
  return { canvas, context };
}

/** The JPEG with an Exif segment that says how the camera was held. */
async function withOrientation(jpeg: Blob, orientation: number): Promise<Blob> {
  const tiff = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0];
  const exif = [...new TextEncoder().encode('Exif'), 0, 0, ...tiff];
  const length = exif.length + 2;
  const segment = new Uint8Array([0xff, 0xe1, length >> 8, length & 0xff, ...exif]);
  return new Blob([jpeg.slice(0, 2), segment, jpeg.slice(2)], { type: 'image/jpeg' });
}

/** The size of an image, and the colours at its edges: `r`, `g` or `b` by what is most. */
async function look(image: Blob) {
  const bitmap = await createImageBitmap(image);
  const { context } = paper(bitmap.width, bitmap.height);
  context.drawImage(bitmap, 0, 0);
  const colourAt = (x: number, y: number) => {
    const [r = 0, g = 0, b = 0] = context.getImageData(x, y, 1, 1).data;
    return r > g && r > b ? 'r' : b > g ? 'b' : g > r ? 'g' : 'white';
  };
  const { width, height } = bitmap;
  return {
    width,
    height,
    left: colourAt(1, height >> 1),
    right: colourAt(width - 2, height >> 1),
    top: colourAt(width >> 1, 1),
    bottom: colourAt(width >> 1, height - 2),
  };
}

const SVG = new Blob(['<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'], {
  type: 'image/svg+xml',
});

describe('images', () => {
  it('[IM1] is shrunk to its longer edge, as a JPEG of quality 0.8, under the name that it is given', async () => {
    const attachment = await putImage(note, await picture(400, 200, 'image/jpeg'), { maxEdge: 100, name: 'cover' });
    expect(attachment).toMatchObject({ id: 'cover', type: 'image/jpeg' });
    expect(await look(await attachment.getData())).toMatchObject({ width: 100, height: 50, left: 'r', right: 'b' });
  });

  it('[IM1] a smaller one keeps its size; one without a name is called image; what is no JPEG becomes WebP', async () => {
    const attachment = await putImage(note, await picture(40, 20, 'image/png'));
    expect(attachment).toMatchObject({ id: 'image', type: 'image/webp' });
    expect(await rasterType(await attachment.getData())).toBe('image/webp');
    expect(await look(await attachment.getData())).toMatchObject({ width: 40, height: 20 });
  });

  it('[IM1] lower quality takes fewer bytes; a type can be asked for', async () => {
    const noise = await noisePicture(300, 300);
    const fine = await putImage(note, noise, { quality: 0.9, type: 'image/jpeg', name: 'fine' });
    const coarse = await putImage(note, noise, { quality: 0.2, type: 'image/jpeg', name: 'coarse' });
    expect(coarse.length).toBeLessThan(fine.length / 2);
    expect(fine.length).toBeLessThan(noise.size);
    expect((await putImage(note, noise, { type: 'image/png', name: 'png' })).type).toBe('image/png');
  });

  it('[IM1] what was transparent is white in a JPEG', async () => {
    const { canvas } = paper(20, 20);
    const attachment = await putImage(note, await canvas.convertToBlob({ type: 'image/png' }), { type: 'image/jpeg' });
    expect((await look(await attachment.getData())).left).toBe('white');
  });

  it('[IM2] stands upright, whichever way the camera was held, and says nothing of the camera any more', async () => {
    const lying = await withOrientation(await picture(80, 40, 'image/jpeg'), 6);
    const attachment = await putImage(note, lying);
    const data = await attachment.getData();
    expect(await look(data)).toMatchObject({ width: 40, height: 80, top: 'r', bottom: 'b' });
    expect(await data.text()).not.toContain('Exif');
  });

  it('[IM2] … beside the page where it may have a worker, in it where it may not', async () => {
    const lying = await withOrientation(await picture(80, 40, 'image/jpeg'), 6);
    const canvases: string[] = [];
    const { Worker, OffscreenCanvas } = globalThis;
    class Watched extends OffscreenCanvas {
      constructor(width: number, height: number) {
        super(width, height);
        canvases.push(`${width} × ${height}`);
      }
    }
    globalThis.OffscreenCanvas = Watched;
    try {
      await putImage(note, lying);
      expect(canvases).toEqual([]);
      globalThis.Worker = class {
        constructor() {
          throw new Error('the policy of the page allows no worker');
        }
      } as unknown as typeof Worker;
      const attachment = await putImage(note, lying, { name: 'other' });
      expect(canvases).toEqual(['40 × 80']);
      expect((await note.getLatest().getAttachment('image'))?.digest).toBe(attachment.digest);
    } finally {
      Object.assign(globalThis, { Worker, OffscreenCanvas });
    }
  });

  it('[IM3] what is no raster image, or cannot be decoded, is refused by name', async () => {
    await expect(putImage(note, SVG)).rejects.toThrow(ImageError);
    await expect(putImage(note, SVG)).rejects.toThrow('the file (image/svg+xml) is no PNG');
    const garbage = new File([crypto.getRandomValues(new Uint8Array(5_000))], 'holiday.jpg', { type: 'image/jpeg' });
    await expect(putImage(note, garbage)).rejects.toThrow("'holiday.jpg' (image/jpeg) is no PNG");
    const whole = await picture(40, 20, 'image/png');
    const cutOff = new File([whole.slice(0, 30)], 'cut.png', { type: 'image/png' });
    await expect(putImage(note, cutOff)).rejects.toThrow("'cut.png' says that it is image/png");
    expect(note.getLatest().allAttachments()).toEqual([]);
  });

  it('[IM3] options that make no sense are refused by name', async () => {
    const image = await picture(4, 4, 'image/png');
    for (const maxEdge of [0, 1.5, Number.NaN]) {
      await expect(putImage(note, image, { maxEdge })).rejects.toThrow(`maxEdge is ${maxEdge}`);
    }
    await expect(putImage(note, image, { quality: 80 })).rejects.toThrow('quality is 80');
  });

  it('[IM4] an image has an address until it is revoked', async () => {
    const attachment = await putImage(note, await picture(40, 20, 'image/png'));
    const { url, revoke } = await imageUrl(attachment);
    const element = new Image();
    element.src = url;
    await element.decode();
    expect([element.naturalWidth, element.naturalHeight]).toEqual([40, 20]);
    revoke();
    await expect(fetch(url)).rejects.toThrow();
    revoke();
  });

  it('[IM4] its type is that of its bytes; SVG and HTML never get an address, whatever they call themselves', async () => {
    const png = await picture(4, 4, 'image/png');
    const posing = await note.putAttachment({ id: 'posing', data: png, type: 'text/html' });
    const { url, revoke } = await imageUrl(posing);
    expect((await fetch(url)).headers.get('content-type')).toBe('image/png');
    revoke();
    const html = new Blob(['<script>alert(1)</script>']);
    for (const [id, data, type] of [
      ['svg', SVG, 'image/svg+xml'],
      ['svg-as-png', SVG, 'image/png'],
      ['html', html, 'text/html'],
      ['html-as-png', html, 'image/png'],
    ] as const) {
      await expect(imageUrl(await note.getLatest().putAttachment({ id, data, type }))).rejects.toThrow(ImageError);
    }
  });

  it('[IM4] its bytes can be had in another way, one that waits for them', async () => {
    const attachment = await putImage(note, await picture(4, 4, 'image/png'));
    const asked: string[] = [];
    const read = async (each: typeof attachment) => {
      asked.push(each.id);
      return each.getData();
    };
    (await imageUrl(attachment, { read })).revoke();
    expect(asked).toEqual(['image']);
  });
});
