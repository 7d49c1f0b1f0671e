import { AttachmentMissingError } from '@breakwater/client';
import type { RxStorage } from 'rxdb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { WorldClient } from '../src/world.ts';
import {
  type AttachmentWorld,
  attach,
  attachmentOf,
  attachmentsOf,
  expectBytes,
  keptBytes,
  loseRefusals,
  noise,
  openAttachmentWorld,
  revisionOf,
  uploaded,
} from './attachment-helpers.ts';

/** Two devices and a server, on real storages. */
export function describeAttachments(title: string, storage: () => RxStorage<unknown, unknown>): void {
  describe(`attachments on ${title}`, () => {
    let world: AttachmentWorld;
    let one: WorldClient;
    let two: WorldClient;
    let isAllowed: boolean;

    beforeEach(async () => {
      isAllowed = true;
      world = await openAttachmentWorld(storage, { authorize: () => isAllowed || 'not now' });
      [one, two] = [await world.device('one'), await world.device('two')];
    });

    afterEach(async () => {
      vi.useRealTimers();
      await world.end();
    });

    /** Device one has it, the server has its bytes, and device two has its row. */
    async function share(data: Blob, name = 'photo'): Promise<string> {
      await attach(one, 'a', name, data);
      await world.inStep(one, two);
      const { digest } = await attachmentOf(one, 'a', name);
      await uploaded(world.server, digest);
      return digest;
    }

    it('[AT1] one shows on the other device with its row, and its bytes come when they are read', async () => {
      const data = noise(200_000);
      const digest = await share(data);
      const shown = await attachmentOf(two, 'a', 'photo');
      expect(shown).toMatchObject({ id: 'photo', type: 'image/png', length: 200_000, digest });
      const read = await shown.getData();
      expect(read.type).toBe('image/png');
      await expectBytes(read, data);
    });

    it('[AT1] … as text, as base64, and when they are nothing at all', async () => {
      await share(new Blob(['low tide at noon']));
      const shown = await attachmentOf(two, 'a', 'photo');
      expect(await shown.getStringData()).toBe('low tide at noon');
      expect(await shown.getDataBase64()).toBe(btoa('low tide at noon'));
      await share(new Blob([]), 'empty');
      expect((await (await attachmentOf(two, 'a', 'empty')).getData()).size).toBe(0);
    });

    it('[AT2] both survive the end of the app: what is not here yet, and what has come', async () => {
      const data = noise(70_000);
      await share(data);
      await two.reopen();
      const shown = await attachmentOf(two, 'a', 'photo');
      expect(shown.length).toBe(70_000);
      await two.sync.awaitInSync();
      await expectBytes(await shown.getData(), data);
      await two.reopen();
      two.sync.pause();
      await expectBytes(await (await attachmentOf(two, 'a', 'photo')).getData(), data);
    });

    it('[AT2] what stands in for bytes is not handed out for those that it replaced, nor taken for a user who attaches it', async () => {
      await share(noise(500));
      const before = await attachmentOf(two, 'a', 'photo');
      await share(noise(600, 2));
      two.sync.pause();
      await expect.poll(async () => (await attachmentOf(two, 'a', 'photo')).length).toBe(600);
      await expect(before.getData()).rejects.toThrow();
      const text = `breakwater: these bytes are elsewhere: ${'a'.repeat(64)}`;
      await attach(two, 'a', 'text', new Blob([text]));
      expect(await (await attachmentOf(two, 'a', 'text')).getStringData()).toBe(text);
      two.sync.start();
      await world.inStep(one, two);
      await uploaded(world.server, (await attachmentOf(two, 'a', 'text')).digest);
      expect(await (await attachmentOf(one, 'a', 'text')).getStringData()).toBe(text);
    });

    it('[AT3] what has come is stored unseen: the revision stays, no query wakes, nothing is pushed', async () => {
      await share(noise(1_000));
      const before = await revisionOf(two, 'a');
      let emitted = 0;
      const subscription = two.notes.find().$.subscribe(() => emitted++);
      await expect.poll(() => emitted).toBe(1);
      const head = world.server.store.head('default', 'notes');
      await (await attachmentOf(two, 'a', 'photo')).getData();
      await (await two.notes.findOne('a').exec(true)).patch({ rating: 3 });
      await expect.poll(() => emitted).toBe(2);
      subscription.unsubscribe();
      await world.inStep(one, two);
      // Of the patch, and of nothing else.
      expect(world.server.store.head('default', 'notes')).toBe(head + 1);
      expect(before).toMatch(/^1-/);
      expect(await revisionOf(two, 'a')).toMatch(/^2-/);
    });

    it('[AT4] different ones that two devices put on a document at the same time are both there', async () => {
      await share(noise(500));
      for (const { sync } of [one, two]) sync.pause();
      await attach(one, 'a', 'left', noise(600, 2));
      await attach(two, 'a', 'right', noise(700, 3));
      for (const { sync } of [one, two]) sync.start();
      await world.inStep(one, two);
      for (const device of [one, two]) {
        expect(await attachmentsOf(device, 'a')).toEqual({ photo: 500, left: 600, right: 700 });
      }
      await uploaded(world.server, (await attachmentOf(one, 'a', 'left')).digest);
      await uploaded(world.server, (await attachmentOf(two, 'a', 'right')).digest);
      await expectBytes(await (await attachmentOf(one, 'a', 'right')).getData(), noise(700, 3));
      await expectBytes(await (await attachmentOf(two, 'a', 'left')).getData(), noise(600, 2));
    });

    it('[AT4] one that is replaced shows its new bytes everywhere, also where the old ones were read', async () => {
      await share(noise(500));
      await (await attachmentOf(two, 'a', 'photo')).getData();
      const next = noise(800, 2);
      await share(next);
      const shown = await attachmentOf(two, 'a', 'photo');
      expect(shown.length).toBe(800);
      await expectBytes(await shown.getData(), next);
    });

    it('[AT4] one that is removed, or whose document is, is gone everywhere', async () => {
      await share(noise(500));
      await share(noise(600, 2), 'plan');
      await (await attachmentOf(one, 'a', 'plan')).remove();
      await world.inStep(one, two);
      expect(await attachmentsOf(two, 'a')).toEqual({ photo: 500 });
      await (await two.notes.findOne('a').exec(true)).remove();
      await world.inStep(two, one);
      expect(await one.notes.count().exec()).toBe(0);
    });

    it('[AT5] without a link, reading bytes that are not here fails at once and by name', async () => {
      one.sync.pause();
      two.sync.pause();
      await attach(one, 'a', 'photo', noise(1_000));
      one.sync.start();
      await one.sync.awaitInSync();
      two.sync.start();
      await two.sync.awaitInSync();
      two.sync.pause();
      const shown = await attachmentOf(two, 'a', 'photo');
      const missing = await shown.getData().catch((error: unknown) => error);
      expect(missing).toBeInstanceOf(AttachmentMissingError);
      expect(missing).toMatchObject({ collection: 'notes', id: 'a', attachment: 'photo' });
      expect(String(missing)).toContain('there is no link');
    });

    it('[AT5] whoever waits for them gets them once they can be had, or when the signal says so the end of it', async () => {
      await share(noise(1_000));
      two.sync.pause();
      const shown = await attachmentOf(two, 'a', 'photo');
      const controller = new AbortController();
      const given = two.sync.attachmentData(shown, { wait: true, signal: controller.signal });
      const got = two.sync.attachmentData(shown, { wait: true });
      controller.abort(new Error('not any more'));
      await expect(given).rejects.toThrow('not any more');
      two.sync.start();
      await expectBytes(await got, noise(1_000));
    });

    it('[AT5] after the end of replication they cannot be had', async () => {
      await share(noise(1_000));
      const shown = await attachmentOf(two, 'a', 'photo');
      two.sync.pause();
      const waiting = two.sync.attachmentData(shown, { wait: true });
      waiting.catch(() => {});
      await two.sync.cancel();
      await expect(waiting).rejects.toThrow('cancelled');
      await expect(shown.getData()).rejects.toThrow(AttachmentMissingError);
    });

    it('[AT6] bytes that somebody else attaches too are stored with what is here of them already', async () => {
      await share(noise(1_000));
      two.sync.pause();
      await attach(two, 'a', 'photo', noise(1_000));
      await expectBytes(await (await attachmentOf(two, 'a', 'photo')).getData(), noise(1_000));
    });

    it('[AT7] what is no more attached when the server asks for it is not sent', async () => {
      one.sync.pause();
      await attach(one, 'a', 'photo', noise(1_000));
      const { digest: replaced } = await attachmentOf(one, 'a', 'photo');
      await attach(one, 'a', 'photo', noise(1_100, 2));
      await attach(one, 'b', 'photo', noise(1_200, 3));
      const { digest: removed } = await attachmentOf(one, 'b', 'photo');
      await (await one.notes.findOne('b').exec(true)).remove();
      one.sync.start();
      await world.inStep(one, two);
      await uploaded(world.server, (await attachmentOf(one, 'a', 'photo')).digest);
      for (const digest of [replaced, removed]) {
        expect(world.server.store.blobs.isStored('default', digest)).toBe(false);
      }
      expect(one.sync.status.state).toBe('live');
    });

    async function retryAll({ sync }: WorldClient): Promise<void> {
      for (const refused of sync.refused) await refused.retry();
    }

    it('[AT10] bytes that are refused with a change wait in the inbox, and go up when it is made again', async () => {
      await share(noise(500));
      isAllowed = false;
      await attach(one, 'a', 'photo', noise(900, 2));
      await attach(one, 'a', 'plan', noise(300, 3));
      await world.inStep(one, two);
      expect(await attachmentsOf(one, 'a')).toEqual({ photo: 500 });
      await expectBytes(await (await attachmentOf(one, 'a', 'photo')).getData(), noise(500));
      await one.reopen();
      await one.sync.awaitInSync();
      isAllowed = true;
      await retryAll(one);
      await world.inStep(one, two);
      expect(await attachmentsOf(two, 'a')).toEqual({ photo: 900, plan: 300 });
      for (const [name, data] of [['photo', noise(900, 2)] as const, ['plan', noise(300, 3)] as const]) {
        await uploaded(world.server, (await attachmentOf(one, 'a', name)).digest);
        await expectBytes(await (await attachmentOf(two, 'a', name)).getData(), data);
      }
      expect(await keptBytes(one)).toBe(0);
    });

    it('[AT10] … or with a new document, and are gone when that is discarded', async () => {
      isAllowed = false;
      await attach(one, 'a', 'photo', noise(900));
      await attach(one, 'b', 'photo', noise(800, 2));
      await world.inStep(one, two);
      expect(await one.notes.count().exec()).toBe(0);
      expect(await keptBytes(one)).toBe(2);
      isAllowed = true;
      await one.sync.refused.find(({ id }) => id === 'b')?.discard();
      expect(await keptBytes(one)).toBe(1);
      await retryAll(one);
      await world.inStep(one, two);
      const { digest } = await attachmentOf(one, 'a', 'photo');
      await uploaded(world.server, digest);
      await expectBytes(await (await attachmentOf(two, 'a', 'photo')).getData(), noise(900));
    });

    it('[AT15] bytes that nothing names any more go when replication starts next', async () => {
      isAllowed = false;
      await attach(one, 'a', 'photo', noise(900));
      await world.inStep(one);
      expect(await keptBytes(one)).toBe(1);
      await loseRefusals(one);
      await one.reopen();
      await one.sync.awaitInSync();
      expect(await keptBytes(one)).toBe(1);
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
      await one.reopen();
      await one.sync.awaitInSync();
      expect(await keptBytes(one)).toBe(0);
    });

    it('[AT10] one whose removal was refused is back, and goes when that is made again', async () => {
      await share(noise(500));
      isAllowed = false;
      await (await attachmentOf(one, 'a', 'photo')).remove();
      await world.inStep(one, two);
      await expectBytes(await (await attachmentOf(one, 'a', 'photo')).getData(), noise(500));
      isAllowed = true;
      await retryAll(one);
      await world.inStep(one, two);
      expect(await attachmentsOf(two, 'a')).toEqual({});
    });
  });
}
