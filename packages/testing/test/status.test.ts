import { type BreakerStatus, createDatabase, type ReplicateOptions, replicate } from '@breakwater/client';
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { filter, firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCuttableSockets } from '../src/cuttable-sockets.ts';
import { createManualScheduler } from '../src/manual-scheduler.ts';
import { startWorldServer, type WorldServer, worldCollections } from '../src/world.ts';

let server: WorldServer;
let storage: ReturnType<typeof getRxStorageDexie>;
let name: string;
let database: Awaited<ReturnType<typeof openDatabase>>;

beforeEach(async () => {
  server = await startWorldServer();
  storage = getRxStorageDexie({ indexedDB: new IDBFactory(), IDBKeyRange });
  name = `status-${crypto.randomUUID()}`;
  database = await openDatabase();
});

afterEach(async () => {
  await database.close();
  await server.end();
});

function openDatabase() {
  return createDatabase({ name, storage, collections: worldCollections, multiInstance: false });
}

function connect(options: Partial<ReplicateOptions> = {}) {
  return replicate(database, { url: server.url, backoff: { minMs: 1, maxMs: 2 }, ...options });
}

async function reopen(): Promise<void> {
  await database.close();
  database = await openDatabase();
}

describe('status', () => {
  it('[SS1] the history names each status with its time, and is bounded', async () => {
    const sync = connect();
    await sync.awaitInSync();
    for (let i = 0; i < 60; i++) {
      sync.pause();
      await firstValueFrom(sync.status$.pipe(filter(({ state }) => state === 'paused')));
      sync.start();
      await firstValueFrom(sync.status$.pipe(filter(({ state }) => state === 'live')));
    }
    const { history } = sync;
    expect(history).toHaveLength(100);
    expect(history.slice(-3).map(({ state }) => state)).toEqual(['paused', 'connecting', 'live']);
    expect(history.map(({ since }) => since)).toEqual(history.map(({ since }) => since).sort((a, b) => a - b));
  });

  it('[SS2] the time of the last sync is known, also in the next run', async () => {
    const before = Date.now();
    const sync = connect();
    await database.notes.insert({ id: 'n', title: 'Hull' });
    await sync.awaitInSync();
    const syncedAt = await firstValueFrom(sync.lastSyncedAt$.pipe(filter((at) => at !== undefined)));
    expect(syncedAt).toBeGreaterThanOrEqual(before);
    await sync.cancel();
    await server.end();
    await reopen();
    const again = connect();
    const known = await firstValueFrom(again.lastSyncedAt$.pipe(filter((at) => at !== undefined)));
    expect(known).toBeGreaterThanOrEqual(syncedAt);
    server = await startWorldServer();
  });

  it('[SS3] the latency is known while there is a link', async () => {
    const sync = connect();
    await sync.awaitInSync();
    const latencyMs = await firstValueFrom(sync.latencyMs$.pipe(filter((ms) => ms !== undefined)));
    expect(latencyMs).toBeGreaterThanOrEqual(0);
    sync.pause();
    await firstValueFrom(sync.latencyMs$.pipe(filter((ms) => ms === undefined)));
  });

  it('[SS4] the breaker counts failures, opens, is half-open while it is probed, and closes once the link has lasted', async () => {
    const scheduler = createManualScheduler(Date.now());
    const sockets = createCuttableSockets();
    let isUp = false;
    const webSocket: ReplicateOptions['webSocket'] = (url) => {
      if (!isUp) throw new Error('no network');
      return sockets.webSocket(url);
    };
    const sync = connect({ webSocket, scheduler, random: () => 0, breaker: { failures: 3, probeAfterMs: 60_000 } });
    const seen: string[] = [];
    sync.breaker$.subscribe(({ state, failures, threshold }) => seen.push(`${state} ${failures} of ${threshold}`));
    const reaches = (wanted: BreakerStatus['state']) =>
      firstValueFrom(sync.breaker$.pipe(filter(({ state }) => state === wanted)));
    for (let i = 1; i <= 3; i++) {
      await firstValueFrom(sync.breaker$.pipe(filter(({ failures }) => failures === i)));
      if (i < 3) scheduler.advance(5);
    }
    expect(sync.breaker).toEqual({ state: 'open', failures: 3, threshold: 3, probeAt: scheduler.now() + 60_000 });
    scheduler.advance(60_000);
    await firstValueFrom(sync.breaker$.pipe(filter(({ failures }) => failures === 4)));
    isUp = true;
    scheduler.advance(60_000);
    await firstValueFrom(sync.status$.pipe(filter(({ state }) => state === 'live')));
    expect(sync.breaker.state).toBe('half-open');
    scheduler.advance(5_000);
    await reaches('closed');
    expect(seen).toEqual([
      'closed 0 of 3',
      'closed 1 of 3',
      'closed 2 of 3',
      'open 3 of 3',
      'half-open 3 of 3',
      'open 4 of 3',
      'half-open 4 of 3',
      'closed 0 of 3',
    ]);
  });

  it('[SS4] a breaker that an earlier run left open is shown so; once replication has ended there is no probe', async () => {
    const webSocket = () => {
      throw new Error('no network');
    };
    const opened = (sync: ReturnType<typeof connect>) =>
      firstValueFrom(sync.breaker$.pipe(filter(({ state }) => state === 'open')));
    const { probeAt } = await opened(connect({ webSocket, breaker: { failures: 1 } }));
    await reopen();
    const again = connect({ webSocket, breaker: { failures: 1 } });
    await firstValueFrom(again.breaker$.pipe(filter((breaker) => breaker.probeAt === probeAt)));
    await again.cancel();
    expect(again.breaker).toEqual({ state: 'open', failures: 1, threshold: 1 });
  });

  it('[CN15] an open breaker survives a reload', async () => {
    let attempts = 0;
    const unreachable: ReplicateOptions['webSocket'] = () => {
      attempts++;
      throw new Error('no network');
    };
    const sync = connect({ webSocket: unreachable });
    const halted = await firstValueFrom(sync.status$.pipe(filter((status) => status.state === 'halted')));
    expect(attempts).toBe(5);
    await reopen();
    const again = connect({ webSocket: unreachable });
    const still = await firstValueFrom(again.status$.pipe(filter((status) => status.state !== 'connecting')));
    expect(still).toMatchObject({ state: 'halted', probeAt: halted.probeAt, cause: halted.cause });
    expect(attempts).toBe(5);
  });
});
