import type { RxStorage } from 'rxdb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type AttachmentWorld,
  attach,
  attachmentOf,
  expectBytes,
  inStep,
  noise,
  openAttachmentWorld,
  uploaded,
} from './attachment-helpers.ts';

export function describeAttachments(title: string, storage: () => RxStorage<unknown, unknown>): void {
  describe(`attachments on ${title}`, () => {
    let world: AttachmentWorld;

    beforeEach(async () => {
      world = await openAttachmentWorld(storage);
    });

    afterEach(() => world.end());

    it('[AT1] an attachment shows on the other device with its row, and its bytes come when they are read', async () => {
      const [one, two] = [await world.device('one'), await world.device('two')];
      const data = noise(200_000);
      await attach(one, 'a', 'photo', data);
      await inStep(one, two);
      const shown = await attachmentOf(two, 'a', 'photo');
      expect(shown).toMatchObject({ id: 'photo', type: 'image/png', length: 200_000 });
      expect(shown.digest).toBe((await attachmentOf(one, 'a', 'photo')).digest);
      await uploaded(world.server, shown.digest);
      const read = await shown.getData();
      expect(read.type).toBe('image/png');
      await expectBytes(read, data);
    });
  });
}
