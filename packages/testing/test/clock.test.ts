import { inspectRows, type Stamp } from '@breakwater/client';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asRxCollection, openWorldClient, startWorldServer, type WorldClient, type WorldServer } from '../src/world.ts';

const DAY_MS = 86_400_000;

let server: WorldServer;
const clients: WorldClient[] = [];

beforeEach(async () => {
  server = await startWorldServer();
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.end()));
  await server.end();
});

async function openDevice(clockSkewMs: number): Promise<WorldClient> {
  const client = await openWorldClient({
    name: 'clock',
    url: server.url,
    storage: getRxStorageMemory(),
    random: () => 0,
    clockSkewMs,
  });
  clients.push(client);
  return client;
}

async function newestStamp({ notes }: WorldClient): Promise<string> {
  const stamps: Stamp[] = [];
  for await (const { state } of inspectRows(asRxCollection(notes))) {
    for (const { stamp } of state.registers.values()) stamps.push(stamp);
  }
  return stamps.sort().at(-1) ?? '';
}

describe('clocks that are wrong', () => {
  it('[TI2] what was written a day ahead goes up, stamped anew, and nothing of it is lost', async () => {
    const ahead = await openDevice(DAY_MS);
    ahead.sync.pause();
    await ahead.notes.insert({ id: 'a', title: 'Hull', body: 'old' });
    await (await ahead.notes.findOne('a').exec(true)).patch({ body: 'new' });
    await ahead.notes.insert({ id: 'b', title: 'gone' });
    await (await ahead.notes.findOne('b').exec(true)).remove();
    ahead.sync.start();
    await ahead.sync.awaitInSync();
    const other = await openDevice(0);
    await other.sync.awaitInSync();
    const shown = (await other.notes.findOne('a').exec(true)).toJSON();
    expect(shown).toEqual({ id: 'a', title: 'Hull', body: 'new', likes: 0, steps: [], tags: [] });
    expect(await other.notes.findOne('b').exec()).toBeNull();
    const inAnHour = (Date.now() + 3_600_000).toString(36).padStart(9, '0');
    expect((await newestStamp(ahead)) < inAnHour).toBe(true);
  });

  it('[TI3] a device that is a day ahead or behind does not win or lose because of it', async () => {
    const [ahead, behind] = [await openDevice(DAY_MS), await openDevice(-DAY_MS)];
    await Promise.all([ahead.sync.awaitInSync(), behind.sync.awaitInSync()]);
    await ahead.notes.insert({ id: 'a', title: 'by the one ahead' });
    await ahead.sync.awaitInSync();
    await behind.sync.awaitInSync();
    await (await waitFor(behind, 'a')).patch({ title: 'later, by the one behind' });
    await behind.sync.awaitInSync();
    const fresh = await openDevice(0);
    await fresh.sync.awaitInSync();
    expect((await fresh.notes.findOne('a').exec(true)).title).toBe('later, by the one behind');
  });
});

async function waitFor({ notes }: WorldClient, id: string) {
  return new Promise<Awaited<ReturnType<typeof notes.insert>>>((resolve) => {
    const subscription = notes.findOne(id).$.subscribe((doc) => {
      if (doc === null) return;
      resolve(doc);
      queueMicrotask(() => subscription.unsubscribe());
    });
  });
}
