import { createDatabase, defineCollections, type Replication, replicate } from '@breakwater/client';
import { down, up } from '@breakwater/protocol';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { filter, firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CuttableSockets, createCuttableSockets } from '../src/cuttable-sockets.ts';
import { createManualScheduler, type ManualScheduler } from '../src/manual-scheduler.ts';
import { createScriptedServer } from '../src/scripted-server.ts';
import {
  openWorldClient,
  startWorldServer,
  type WorldClient,
  type WorldServer,
  worldCollections,
} from '../src/world.ts';

const PROBE_AFTER_MS = 300_000;

let server: WorldServer;
let other: WorldClient;
let database: Awaited<ReturnType<typeof openDatabase>>;
let scheduler: ManualScheduler;
let sockets: CuttableSockets;
let sync: Replication;
let attempts: number;
let isReachable: boolean;

beforeEach(async () => {
  server = await startWorldServer();
  other = await openWorldClient({
    name: 'other',
    url: server.url,
    storage: getRxStorageMemory(),
    random: Math.random,
  });
  database = await openDatabase();
  scheduler = createManualScheduler(Date.now());
  sockets = createCuttableSockets();
  attempts = 0;
  isReachable = true;
});

afterEach(async () => {
  await database.close();
  await other.end();
  await server.end();
});

function openDatabase() {
  const name = `halting-${crypto.randomUUID()}`;
  return createDatabase({ name, storage: getRxStorageMemory(), collections: worldCollections, multiInstance: false });
}

/** Real sockets, in a time that the test moves, with a breaker that the first failure opens. */
function connect(): void {
  sync = replicate(database, {
    url: server.url,
    scheduler,
    random: () => 0,
    breaker: { failures: 1, probeAfterMs: PROBE_AFTER_MS },
    webSocket(url) {
      attempts++;
      if (!isReachable) throw new Error('no network');
      return sockets.webSocket(url);
    },
  });
}

const reaches = (state: string) => firstValueFrom(sync.status$.pipe(filter((status) => status.state === state)));

async function connectAndShare(): Promise<void> {
  connect();
  await database.notes.insert({ id: 'shared', title: 'Hull', body: 'low tide' });
  await sync.awaitInSync();
  await expect.poll(() => other.notes.findOne('shared').exec()).not.toBeNull();
}

/** While it is open: reads and writes work, what is pending is counted, and nothing at all is tried. */
async function isHalted(pendingBefore: number): Promise<void> {
  await reaches('halted');
  await firstValueFrom(sync.pending$.pipe(filter(({ rows }) => rows === pendingBefore)));
  const before = attempts;
  await database.notes.insert({ id: 'while halted', title: 'Mast' });
  await firstValueFrom(sync.pending$.pipe(filter(({ rows }) => rows === pendingBefore + 1)));
  expect((await database.notes.findOne('while halted').exec(true)).title).toBe('Mast');
  await scheduler.advanceAsync(PROBE_AFTER_MS - 1_000);
  expect(attempts).toBe(before);
  // Nothing but the probe waits for its time.
  expect(scheduler.waiting).toBe(1);
}

async function healsByOneProbe(): Promise<void> {
  const before = attempts;
  await scheduler.advanceAsync(1_000);
  await sync.awaitInSync();
  expect(attempts).toBe(before + 1);
  await expect.poll(() => documentsOf(other.notes)).toEqual(await documentsOf(database.notes));
  expect(sync.pending.rows).toBe(0);
}

async function documentsOf(notes: WorldClient['notes'] | typeof database.notes): Promise<unknown> {
  return (await notes.find({ sort: [{ id: 'asc' }] }).exec()).map((note) => note.toMutableJSON());
}

describe('a breaker that opens', () => {
  it('[HA1] before a push is sent', async () => {
    isReachable = false;
    connect();
    await database.notes.insert({ id: 'n', title: 'Hull' });
    await isHalted(1);
    isReachable = true;
    await healsByOneProbe();
  });

  it('[HA1] while a push is on its way up: the server never hears of it', async () => {
    await connectAndShare();
    const head = server.store.head('default', 'notes');
    sockets.onSend = (frame) => {
      if (up.decode(frame)?.type === 'push') sockets.cut();
    };
    await database.notes.insert({ id: 'n', title: 'Keel' });
    await isHalted(1);
    expect(server.store.head('default', 'notes')).toBe(head);
    sockets.onSend = () => {};
    await healsByOneProbe();
  });

  it('[HA1] while the ack is on its way down: the server has the push, the device does not know', async () => {
    await connectAndShare();
    const held = sockets.hold('ack');
    await (await database.notes.findOne('shared').exec(true)).patch({ body: 'high tide', likes: 2 });
    await held;
    const head = server.store.head('default', 'notes');
    sockets.cut();
    await isHalted(1);
    sockets.release();
    await healsByOneProbe();
    // The push that came again took no seq; what was written meanwhile took one.
    expect(server.store.head('default', 'notes')).toBe(head + 1);
  });

  it('[HA1] while rows of others are being merged', async () => {
    await connectAndShare();
    sockets.onHear = (frame) => {
      if (down.decode(frame)?.type === 'rows') sockets.cut();
    };
    await (await other.notes.findOne('shared').exec(true)).patch({ body: 'low tide at noon' });
    await isHalted(0);
    sockets.onHear = () => {};
    await healsByOneProbe();
    expect((await database.notes.findOne('shared').exec(true)).body).toBe('low tide at noon');
  });
});

describe('an outage of ten minutes', () => {
  it('[CN1] costs six attempts, whatever the number of collections', async () => {
    const { schema } = worldCollections.notes;
    const collections = defineCollections({
      a: { schema },
      b: { schema },
      c: { schema },
      d: { schema },
      e: { schema },
    });
    const storage = getRxStorageMemory();
    const large = await createDatabase({
      name: `five-${crypto.randomUUID()}`,
      storage,
      collections,
      multiInstance: false,
    });
    const refusing = createScriptedServer(scheduler);
    refusing.behaviour = 'refuses';
    const { webSocket } = refusing;
    const replication = replicate(large, { url: server.url, scheduler, webSocket, random: () => 0 });
    for (const name of ['a', 'b', 'c', 'd', 'e'] as const) await large[name].insert({ id: 'n', title: name });
    await firstValueFrom(replication.pending$.pipe(filter(({ rows }) => rows === 5)));
    await scheduler.advanceAsync(600_000);
    expect(refusing.attempts).toHaveLength(6);
    expect(replication.status).toMatchObject({ state: 'halted' });
    await large.close();
  });
});
