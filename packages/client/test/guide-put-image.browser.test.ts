import { createDatabase } from '@breakwater/client';
import { addRxPlugin, type RxDocument } from 'rxdb';
import { RxDBAttachmentsPlugin } from 'rxdb/plugins/attachments';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { expect, it } from 'vitest';
import { setCover, showCover } from './guide-put-image.ts';
import { noteCollections } from './note-collections.ts';

addRxPlugin(RxDBAttachmentsPlugin);

it('[IM4] the guide puts an image on a document and shows it', async () => {
  const name = `guide-${crypto.randomUUID()}`;
  const database = await createDatabase({ name, storage: getRxStorageDexie(), collections: noteCollections });
  const note = (await database.notes.insert({ id: 'a', title: 'Hull' })) as unknown as RxDocument;
  const element = new Image();
  expect(await showCover(note, element)).toBeUndefined();
  const canvas = new OffscreenCanvas(3_200, 800);
  canvas.getContext('2d')?.fillRect(0, 0, 10, 10);
  await setCover(note, new File([await canvas.convertToBlob()], 'pier.png'));
  const shown = await showCover(note.getLatest(), element);
  await element.decode();
  expect([element.naturalWidth, element.naturalHeight]).toEqual([1_600, 400]);
  shown?.revoke();
  await database.remove();
});
