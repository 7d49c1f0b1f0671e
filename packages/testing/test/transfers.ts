import type { Transfer } from '@breakwater/client';
import { type UpMessage, up } from '@breakwater/protocol';
import type { RxStorage } from 'rxdb';
import { filter, firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WorldClient } from '../src/world.ts';
import {
  type AttachmentWorld,
  attach,
  attachmentOf,
  expectBytes,
  noise,
  openAttachmentWorld,
  uploaded,
} from './attachment-helpers.ts';

const MEGABYTES = 1024 * 1024;
/** Bytes that a cut loses at most: two of the largest pieces, and the first one that follows them. */
const ON_THE_WAY = 3 * 256 * 1024;

/** Bytes between two devices over sockets that are cut. */
export function describeTransfers(title: string, storage: () => RxStorage<unknown, unknown>): void {
  describe(`transfers on ${title}`, () => {
    let world: AttachmentWorld;
    let one: WorldClient;
    let two: WorldClient;

    beforeEach(async () => {
      world = await openAttachmentWorld(storage);
      [one, two] = [await world.device('one'), await world.device('two')];
    });

    afterEach(() => world.end());

    async function share(data: Blob): Promise<string> {
      await attach(one, 'a', 'photo', data);
      await world.inStep(one, two);
      const { digest } = await attachmentOf(one, 'a', 'photo');
      await uploaded(world.server, digest);
      return digest;
    }

    it('[TF2] an upload goes on where it was after each of three cuts and a restart of the server', async () => {
      const data = noise(4 * MEGABYTES);
      const sent = sumOf(one, 'blob-put', ({ bytes }) => bytes.length);
      await attach(one, 'a', 'photo', data);
      const { digest } = await attachmentOf(one, 'a', 'photo');
      for (let part = 1; part <= 4; part++) {
        await sent.reached(part * 600_000);
        if (part < 4) one.sockets.cut();
        else await world.server.restart();
      }
      await uploaded(world.server, digest);
      // Each time what was on the way is sent again, and no more.
      expect(sent.now).toBeLessThan(4 * MEGABYTES + 4 * ON_THE_WAY);
      await world.inStep(one, two);
      await expectBytes(await (await attachmentOf(two, 'a', 'photo')).getData(), data);
    });

    it('[TF2] … and after a restart of the app', async () => {
      const data = noise(2 * MEGABYTES);
      const before = sumOf(one, 'blob-put', ({ bytes }) => bytes.length);
      await attach(one, 'a', 'photo', data);
      const { digest } = await attachmentOf(one, 'a', 'photo');
      await before.reached(MEGABYTES);
      await one.reopen();
      await uploaded(world.server, digest);
      await world.inStep(one, two);
      await expectBytes(await (await attachmentOf(two, 'a', 'photo')).getData(), data);
    });

    it('[TF7] a download goes on where it was after each of three cuts and a restart of the server', async () => {
      const data = noise(4 * MEGABYTES);
      await share(data);
      const asked = sumOf(two, 'blob-get', ({ maxBytes }) => maxBytes);
      const shown = await attachmentOf(two, 'a', 'photo');
      const read = two.sync.attachmentData(shown, { wait: true });
      for (let part = 1; part <= 4; part++) {
        await asked.reached(part * 600_000);
        if (part < 4) two.sockets.cut();
        else await world.server.restart();
      }
      await expectBytes(await read, data);
      expect(asked.now).toBeLessThan(4 * MEGABYTES + 4 * ON_THE_WAY);
    });

    it('[TF7] … and a restart of the app goes on from what was kept', async () => {
      const data = noise(8 * MEGABYTES);
      await share(data);
      const before = sumOf(two, 'blob-get', ({ maxBytes }) => maxBytes);
      const read = two.sync.attachmentData(await attachmentOf(two, 'a', 'photo'), { wait: true });
      read.catch(() => {});
      await before.reached(4 * MEGABYTES);
      await two.reopen();
      await expect(read).rejects.toThrow('cancelled');
      const after = sumOf(two, 'blob-get', ({ maxBytes }) => maxBytes);
      await two.sync.awaitInSync();
      await expectBytes(await two.sync.attachmentData(await attachmentOf(two, 'a', 'photo'), { wait: true }), data);
      expect(after.now).toBeGreaterThan(0);
      expect(after.now).toBeLessThan(8 * MEGABYTES - 3 * MEGABYTES);
    });

    it('[TF8] both directions are listed while they last, and a download can be cancelled', async () => {
      const seen: Transfer[] = [];
      const watched = one.sync.transfers$.subscribe((transfers) => seen.push(...transfers));
      const digest = await share(noise(MEGABYTES));
      watched.unsubscribe();
      const what = { collection: 'notes', id: 'a', name: 'photo', digest, type: 'image/png', total: MEGABYTES };
      expect(seen[0]).toMatchObject({ direction: 'up', ...what });
      expect(await firstValueFrom(one.sync.transfers$.pipe(filter((transfers) => transfers.length === 0)))).toEqual([]);
      const coming = firstValueFrom(two.sync.transfers$.pipe(filter(([first]) => first?.state === 'moving')));
      const read = (await attachmentOf(two, 'a', 'photo')).getData();
      read.catch(() => {});
      const [download] = await coming;
      expect(download).toMatchObject({ direction: 'down', ...what });
      download?.cancel();
      await expect(read).rejects.toMatchObject({ name: 'AbortError' });
      expect(await firstValueFrom(two.sync.transfers$.pipe(filter((transfers) => transfers.length === 0)))).toEqual([]);
      await expectBytes(await (await attachmentOf(two, 'a', 'photo')).getData(), noise(MEGABYTES));
    });

    it('[TF9] prefetch brings everything, a collection, or what a query finds; what is here it leaves alone', async () => {
      for (const [i, id] of ['a', 'b', 'c', 'd'].entries()) await attach(one, id, 'photo', noise(5_000, i + 1));
      await (await one.notes.findOne('d').exec(true)).patch({ rating: 5 });
      await world.inStep(one, two);
      for (const id of ['a', 'b', 'c', 'd']) {
        await uploaded(world.server, (await attachmentOf(one, id, 'photo')).digest);
      }
      const rated = two.notes.find({ selector: { rating: 5 } });
      expect(await two.sync.prefetch(rated)).toEqual({ fetched: 1, missing: 0 });
      expect(await two.sync.prefetch(two.notes)).toEqual({ fetched: 3, missing: 0 });
      expect(await two.sync.prefetch()).toEqual({ fetched: 0, missing: 0 });
      two.sync.pause();
      for (const [i, id] of ['a', 'b', 'c', 'd'].entries()) {
        await expectBytes(await (await attachmentOf(two, id, 'photo')).getData(), noise(5_000, i + 1));
      }
    });

    it('[TF9] it counts what cannot be had now, and ends when it is told to', async () => {
      for (const [i, id] of ['a', 'b'].entries()) await attach(one, id, 'photo', noise(5_000, i + 1));
      await world.inStep(one, two);
      two.sync.pause();
      await firstValueFrom(two.sync.status$.pipe(filter(({ state }) => state === 'paused')));
      expect(await two.sync.prefetch()).toEqual({ fetched: 0, missing: 2 });
      const controller = new AbortController();
      const waiting = two.sync.prefetch(undefined, { wait: true, signal: controller.signal });
      controller.abort(new Error('enough'));
      await expect(waiting).rejects.toThrow('enough');
    });
  });
}

interface Sum {
  readonly now: number;
  reached(bytes: number): Promise<void>;
}

/** Bytes in the messages of one type that a device has sent. */
function sumOf<T extends UpMessage['type']>(
  { sockets }: WorldClient,
  type: T,
  count: (message: Extract<UpMessage, { readonly type: T }>) => number,
): Sum {
  let now = 0;
  let awaited: { readonly bytes: number; readonly resolve: () => void } | undefined;
  sockets.onSend = (frame) => {
    const message = up.decode(frame);
    if (message?.type !== type) return;
    now += count(message as Extract<UpMessage, { readonly type: T }>);
    if (awaited !== undefined && now >= awaited.bytes) awaited.resolve();
  };
  return {
    get now() {
      return now;
    },
    reached: (bytes) =>
      new Promise((resolve) => {
        awaited = { bytes, resolve };
        if (now >= bytes) resolve();
      }),
  };
}
