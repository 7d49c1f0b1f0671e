import { inspectRows } from '@breakwater/client';
import { parseStamp, type Stamp } from '@breakwater/crdt';
import type { RxStorage } from 'rxdb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  asRxCollection,
  endAll,
  openWorldClient,
  startWorldServer,
  type WorldClient,
  type WorldServer,
  type WorldTab,
} from '../src/world.ts';
import { judgeWorld } from '../src/world-judge.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A device whose clock the test sets, and one whose clock is right. */
export function describeClockJumps(title: string, storage: () => RxStorage<unknown, unknown>): void {
  describe(`clocks that jump, on ${title}`, () => {
    let server: WorldServer;
    let other: WorldClient;
    const clients: WorldClient[] = [];
    /** How far the device's clock is off. */
    let skewMs: number;
    let deviceNow: () => number;

    beforeEach(async () => {
      skewMs = 0;
      deviceNow = () => Date.now() + skewMs;
      server = await startWorldServer();
      other = await openClient('other', Date.now);
    });

    afterEach(async () => {
      await endAll(clients.splice(0));
      await server.end();
    });

    async function openClient(name: string, now: () => number, tab?: WorldTab): Promise<WorldClient> {
      const device = { storage: storage(), random: Math.random, now, ...(tab && { tab }) };
      const client = await openWorldClient({ name, url: server.url, ...device });
      clients.push(client);
      return client;
    }

    const openDevice = (tab?: WorldTab) => openClient('device', () => deviceNow(), tab);

    async function meet(): Promise<void> {
      expect(await judgeWorld(server, clients)).toEqual([]);
      expect(await newestMs(other)).toBeLessThan(Date.now() + 6 * MINUTE_MS);
    }

    it.each([
      ['back an hour', -HOUR_MS],
      ['back a day', -DAY_MS],
      ['ahead four minutes', 4 * MINUTE_MS],
      ['ahead an hour', HOUR_MS],
      ['ahead a day', DAY_MS],
    ])('[TI5] %s while the app runs: it neither wins nor loses because of it', async (_jump, jumpMs) => {
      const device = await openDevice();
      await device.notes.insert({ id: 'a', title: 'before', body: 'one' });
      await meet();
      skewMs = jumpMs;
      await patch(device, 'a', { title: 'after the jump', body: 'one two' });
      await device.notes.insert({ id: 'b', title: 'after the jump' });
      await device.sync.awaitInSync();
      await meet();
      expect(await titles(other)).toEqual(['after the jump', 'after the jump']);
      for (const id of ['a', 'b']) await patch(other, id, { title: 'later, by a clock that is right' });
      await meet();
      await patch(device, 'a', { title: 'last' });
      await meet();
      expect(await titles(other)).toEqual(['last', 'later, by a clock that is right']);
    });

    it('[TI6] wherever the clock jumps, the next start finds what was not pushed', async () => {
      const device = await openDevice();
      await device.sync.awaitInSync();
      const jumps = [-HOUR_MS, DAY_MS, -DAY_MS, 0, 3 * HOUR_MS, -3 * HOUR_MS, DAY_MS, 0];
      for (const [i, jumpMs] of jumps.entries()) {
        device.sync.pause();
        skewMs = jumpMs;
        // Once in the app that ran when the clock jumped, once in one that is opened after it.
        if (i % 2 === 0) await device.reopen();
        device.sync.pause();
        await device.notes.insert({ id: `n${i}`, title: `number ${i}` });
        await patch(device, 'n0', { rating: i });
        await device.reopen();
        device.sync.pause();
        await expect.poll(() => device.sync.pending.rows).toBe(i === 0 ? 1 : 2);
        device.sync.start();
        await device.sync.awaitInSync();
      }
      await meet();
      expect((await titles(other)).sort()).toEqual(jumps.map((_, i) => `number ${i}`));
      expect((await other.notes.findOne('n0').exec(true)).rating).toBe(jumps.length - 1);
    });

    it.each([
      ['stays so', DAY_MS],
      ['is set right before it connects', 0],
      ['is set back another day before it connects', -DAY_MS],
    ])('[TI7] a clock that is a day ahead at the first start, and %s: nothing is lost', async (_then, laterMs) => {
      skewMs = DAY_MS;
      const device = await openDevice();
      device.sync.pause();
      await device.notes.insert({ id: 'a', title: 'Hull', body: 'one' });
      await device.notes.insert({ id: 'b', title: 'To go' });
      await device.reopen();
      device.sync.pause();
      await patch(device, 'a', { body: 'one two' });
      skewMs = laterMs;
      await device.reopen();
      device.sync.pause();
      await patch(device, 'a', { body: 'one two three', likes: 1 });
      await (await device.notes.findOne('b').exec(true)).remove();
      await meet();
      await device.reopen();
      await patch(device, 'a', { title: 'Keel' });
      await device.notes.insert({ id: 'b', title: 'Back again' });
      await meet();
      expect(await titles(other)).toEqual(['Keel', 'Back again']);
      expect(await other.notes.findOne('a').exec(true)).toMatchObject({ body: 'one two three', likes: 1 });
    });

    it('[TI8] two tabs on a device that is a day ahead: nothing is lost and nothing refused', async () => {
      skewMs = DAY_MS;
      const databaseName = `jumps-${crypto.randomUUID()}`;
      const tabs = [await openDevice({ databaseName, number: 0 }), await openDevice({ databaseName, number: 1 })];
      const refused: unknown[] = [];
      for (const { sync } of tabs) sync.pause();
      for (const { sync } of tabs) sync.refused$.subscribe((rows) => refused.push(...rows));
      await tabs[0]?.notes.insert({ id: 'a', title: 'Hull', body: 'one' });
      for (const [i, tab] of tabs.entries()) {
        await patch(tab, 'a', { rating: i });
        await tab.notes.insert({ id: `n${i}`, title: `by tab ${i}` });
      }
      await meet();
      for (const tab of tabs) await patch(tab, 'a', { title: 'Keel' });
      await meet();
      expect(await titles(other)).toEqual(['Keel', 'by tab 0', 'by tab 1']);
      expect(refused).toEqual([]);
    });

    it('[TI9] of two writes in one millisecond the second counts, on whichever devices', async () => {
      const start = Date.now();
      deviceNow = () => start;
      const [device, same] = [await openDevice(), await openDevice()];
      await device.notes.insert({ id: 'a', title: 'first' });
      await patch(device, 'a', { title: 'second' });
      await meet();
      await patch(same, 'a', { title: 'third' });
      await patch(same, 'a', { title: 'fourth' });
      await meet();
      expect(await titles(other)).toEqual(['fourth']);
      for (const { sync } of [device, same]) sync.pause();
      await patch(device, 'a', { title: 'by one', rating: 1 });
      await patch(same, 'a', { title: 'by the other', rating: 2 });
      await meet();
      expect(['by one', 'by the other']).toContain((await titles(other))[0]);
    });
  });
}

async function patch({ notes }: WorldClient, id: string, change: Partial<Fields>): Promise<void> {
  await (await notes.findOne(id).exec(true)).incrementalPatch(change);
}

interface Fields {
  readonly title: string;
  readonly body: string;
  readonly rating: number;
  readonly likes: number;
}

async function titles({ notes }: WorldClient): Promise<string[]> {
  const found = await notes.find({ sort: [{ id: 'asc' }] }).exec();
  return found.map(({ title }) => title);
}

/** The time of the newest stamp, in milliseconds since 1970. */
async function newestMs({ notes }: WorldClient): Promise<number> {
  let newest = '';
  for await (const { state } of inspectRows(asRxCollection(notes))) {
    for (const { stamp } of state.registers.values()) if (stamp > newest) newest = stamp;
  }
  return parseStamp(newest as Stamp).ms;
}
