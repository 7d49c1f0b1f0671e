import { once } from 'node:events';
import { createDatabase, type Replication, replicate } from '@breakwater/client';
import { MIN_PROTOCOL_VERSION, PROTOCOL_VERSION, up } from '@breakwater/protocol';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type FaultProxy, startFaultProxy } from '../src/fault-proxy.ts';
import { createManualScheduler, type ManualScheduler } from '../src/manual-scheduler.ts';
import { createRandom } from '../src/random.ts';
import {
  openWorldClient,
  startWorldServer,
  type WorldClient,
  type WorldServer,
  worldCollections,
} from '../src/world.ts';
import { judgeWorld } from '../src/world-judge.ts';

/** Of one message: with 65,536 of them the server was busy for two seconds, with 200,000 for half a minute. */
const MOST_PIECES = 16_384;

let server: WorldServer;
let proxy: FaultProxy;
const cleanUps: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  server = await startWorldServer();
  proxy = await startFaultProxy({ to: portOf(server.url), random: createRandom(1).next });
});

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  await proxy.end();
  await server.end();
});

const portOf = (url: string) => Number(new URL(url).port);
const urlThroughProxy = () => `ws://127.0.0.1:${proxy.port}/sync`;

async function open(name: string, url: string): Promise<WorldClient> {
  const client = await openWorldClient({ name, url, storage: getRxStorageMemory(), random: Math.random });
  cleanUps.push(client.end);
  return client;
}

/** One device on the strange line, one on a good one. */
const openBoth = () => Promise.all([open('strange', urlThroughProxy()), open('good', server.url)]);

/** Writes on both devices, some of them to the same documents. */
async function writeOnBoth(clients: readonly WorldClient[]): Promise<void> {
  for (let i = 0; i < 12; i++) {
    for (const { name, notes } of clients) {
      const own = await notes.insert({ id: `${name} ${i}`, title: `note ${i}`, body: 'tide '.repeat(i * 10) });
      await own.incrementalPatch({ likes: i });
      const shared = await notes.findOne('shared').exec();
      if (shared === null) await notes.upsert({ id: 'shared', title: 'ours', likes: 1 });
      else await shared.incrementalModify((note) => ({ ...note, body: `${note.body}${name} ${i}, ` }));
    }
  }
}

describe('a strange line', () => {
  it.each(['up', 'down'] as const)('[FR3] that has ended %s only is given up at once', async (direction) => {
    const clients = await openBoth();
    const [strange] = clients;
    await strange.sync.awaitInSync();
    proxy.halfClose(direction);
    await writeOnBoth(clients);
    expect(await judgeWorld(server, clients)).toEqual([]);
    expect(proxy.accepted).toBeGreaterThan(1);
  });

  it('[FR4] that brings every byte by itself brings them all', async () => {
    proxy.trickle();
    const clients = await openBoth();
    await writeOnBoth(clients);
    await clients[0].sync.awaitInSync();
    expect(proxy.accepted).toBe(1);
    proxy.heal();
    expect(await judgeWorld(server, clients)).toEqual([]);
  });

  it('[FR5] that is slow, one way like the other, by a hundredth of 300 ms and more, changes nothing', async () => {
    proxy.slow({ latencyMs: 3, jitterMs: 3 });
    const clients = await openBoth();
    await writeOnBoth(clients);
    expect(await judgeWorld(server, clients)).toEqual([]);
  });

  it('[FR6] that stands still while megabytes gather is in step once it goes on', async () => {
    const clients = await openBoth();
    const [strange, good] = clients;
    await strange.sync.awaitInSync();
    proxy.stall('down');
    // More than the network's buffers and a mebibyte at the server hold.
    const city = 'x'.repeat(250_000);
    for (let i = 0; i < 40; i++) await good.notes.insert({ id: `${i}`, title: 'large', place: { city } });
    await good.sync.awaitInSync();
    await good.notes.bulkRemove(['0', '1', '2']);
    await good.sync.awaitInSync();
    expect(proxy.waiting).toBeGreaterThan(0);
    expect(await strange.notes.count().exec()).toBe(0);
    proxy.goOn();
    await expect.poll(() => strange.notes.count().exec(), { timeout: 5_000 }).toBe(37);
    expect(proxy.accepted).toBe(1);
    expect(await judgeWorld(server, clients)).toEqual([]);
  });
});

describe('a client that sends a message in more pieces than any network makes of it', () => {
  it('[FR7] is closed before putting them together holds up everybody else', async () => {
    const good = await open('good', server.url);
    const socket = new WebSocket(urlThroughProxy(), { perMessageDeflate: false });
    cleanUps.push(async () => socket.terminate());
    await once(socket, 'open');
    const versions = [MIN_PROTOCOL_VERSION, PROTOCOL_VERSION] as const;
    socket.send(up.encode({ type: 'connect', versions, token: '', replica: 'pieces', inflates: false }));
    await once(socket, 'message');
    proxy.trickle();
    socket.send(new Uint8Array(MOST_PIECES + 2_000));
    const [code] = await once(socket, 'close');
    expect(code).toBe(1008);
    await good.notes.insert({ id: 'n', title: 'Undisturbed' });
    await good.sync.awaitInSync();
  });
});

describe('a black hole', () => {
  let scheduler: ManualScheduler;
  let sync: Replication;
  let notes: WorldClient['notes'];

  beforeEach(async () => {
    scheduler = createManualScheduler(Date.now());
    const database = await createDatabase({
      name: `black-hole-${crypto.randomUUID()}`,
      storage: getRxStorageMemory(),
      collections: worldCollections,
      multiInstance: false,
    });
    cleanUps.push(() => database.close());
    notes = database.notes;
    sync = replicate(database, { url: urlThroughProxy(), scheduler, random: () => 0.5 });
    await sync.awaitInSync();
    // The link lasts.
    scheduler.advance(6_000);
  });

  it.each([
    ['nothing is under way', async () => {}],
    ['a push is under way', () => notes.insert({ id: 'n', title: 'into the dark' })],
  ])('[FR2] is noticed within 60 s when %s, and what was pending goes up when it is over', async (_, write) => {
    proxy.swallow();
    const swallowedAt = scheduler.now();
    await write();
    await scheduler.advanceAsync(60_000);
    const noticed = sync.history.find(({ since, state }) => since >= swallowedAt && state !== 'live');
    expect((noticed?.since ?? Number.POSITIVE_INFINITY) - swallowedAt).toBeLessThanOrEqual(60_000);
    proxy.heal();
    // An attempt that is in the hole comes to nothing: the next one gets through.
    while (sync.status.state !== 'offline') await scheduler.advanceAsync(1_000);
    await notes.insert({ id: 'm', title: 'meanwhile' });
    await scheduler.advanceAsync(sync.status.retryAt - scheduler.now());
    await sync.awaitInSync();
    expect(server.store.head('default', 'notes')).toBe(await notes.count().exec());
    expect(proxy.waiting).toBe(0);
  });
});
