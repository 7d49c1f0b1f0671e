import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase, type Replication, replicate } from '@breakwater/client';
import { up } from '@breakwater/protocol';
import { createServer, openSqliteStore, StorageError, type Store } from '@breakwater/server';
import type { RxStorage, RxStorageInstance } from 'rxdb';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { filter, firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CuttableSockets, createCuttableSockets } from '../src/cuttable-sockets.ts';
import { type FaultProxy, startFaultProxy } from '../src/fault-proxy.ts';
import { judge, toHoldings } from '../src/judge.ts';
import { createManualScheduler, type ManualScheduler } from '../src/manual-scheduler.ts';
import {
  openWorldClient,
  startWorldServer,
  type WorldClient,
  type WorldServer,
  worldCollections,
} from '../src/world.ts';
import { reportOn, statesOf } from '../src/world-judge.ts';

const MINUTE = 60_000;

const cleanUps: (() => Promise<unknown>)[] = [];
let server: WorldServer;
let other: WorldClient;

beforeEach(async () => {
  server = await startWorldServer();
  cleanUps.push(() => server.end());
  other = await openWorldClient({
    name: 'other',
    url: server.url,
    storage: getRxStorageMemory(),
    random: Math.random,
  });
  cleanUps.push(() => other.end());
});

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A device whose first failure opens the breaker, on a clock that the test moves. */
interface Device {
  readonly name: 'device';
  readonly notes: WorldClient['notes'];
  readonly sync: Replication;
  readonly sockets: CuttableSockets;
  readonly scheduler: ManualScheduler;
  readonly opened: number;
}

async function openDevice(url: string, storage: RxStorage<unknown, unknown> = getRxStorageMemory()): Promise<Device> {
  const name = `device-${crypto.randomUUID()}`;
  const database = await createDatabase({ name, storage, collections: worldCollections, multiInstance: false });
  cleanUps.push(() => database.close());
  const scheduler = createManualScheduler(Date.now());
  const sockets = createCuttableSockets();
  let opened = 0;
  const webSocket: CuttableSockets['webSocket'] = (url) => {
    opened += 1;
    return sockets.webSocket(url);
  };
  const sync = replicate(database, { url, webSocket, scheduler, random: () => 0.5, breaker: { failures: 1 } });
  return {
    name: 'device',
    notes: database.notes,
    sync,
    sockets,
    scheduler,
    get opened() {
      return opened;
    },
  };
}

async function openLive(...where: Parameters<typeof openDevice>): Promise<Device> {
  const device = await openDevice(...where);
  await device.sync.awaitInSync();
  return device;
}

async function isHalted({ sync }: Device) {
  const status = await firstValueFrom(sync.status$.pipe(filter((status) => status.state === 'halted')));
  return status as Extract<typeof status, { readonly state: 'halted' }>;
}

/** Brings a push into a phase, and then the link to its end. */
interface Phase {
  /** Of the document, by both devices. */
  readonly writes: number;
  /** What goes up, and opens the breaker. */
  halt(): Promise<Device>;
  /** What was going on goes on, while the breaker is open. */
  release?(): Promise<void>;
}

async function startProxy(): Promise<FaultProxy> {
  const proxy = await startFaultProxy({ to: Number(new URL(server.url).port) });
  cleanUps.push(() => proxy.end());
  return proxy;
}

const urlOf = ({ port }: FaultProxy) => `ws://127.0.0.1:${port}/sync`;

const write = ({ notes }: Pick<Device, 'notes'>) => notes.insert({ id: 'n', title: 'Hull', body: 'low tide' });

async function haltOnItsWay(): Promise<Device> {
  const proxy = await startProxy();
  const device = await openLive(urlOf(proxy));
  proxy.stall('up');
  await write(device);
  await expect.poll(() => proxy.waiting).toBeGreaterThan(0);
  proxy.cut();
  proxy.heal();
  await isHalted(device);
  expect(server.store.head('default', 'notes')).toBe(0);
  return device;
}

const phases: Record<string, () => Phase> = {
  'before there was a link': () => ({
    writes: 1,
    async halt() {
      const proxy = await startProxy();
      proxy.refuse();
      const device = await openDevice(urlOf(proxy));
      await write(device);
      await isHalted(device);
      proxy.heal();
      return device;
    },
  }),
  'before it is sent': () => ({
    writes: 1,
    async halt() {
      const device = await openLive(server.url);
      device.sockets.onSend = (frame) => {
        if (up.decode(frame)?.type === 'push') device.sockets.cut();
      };
      await write(device);
      await isHalted(device);
      expect(server.store.head('default', 'notes')).toBe(0);
      device.sockets.onSend = () => {};
      return device;
    },
  }),
  'on its way': () => ({ writes: 1, halt: haltOnItsWay }),
  'once it is stored, its ack lost': () => ({
    writes: 1,
    async halt() {
      const device = await openLive(server.url);
      device.sockets.deafen();
      await write(device);
      await expect.poll(() => server.store.head('default', 'notes')).toBe(1);
      device.sockets.cut();
      await isHalted(device);
      return device;
    },
  }),
  'while what it was merged with is being stored': () => {
    const gate = createGate('breakwater-merge');
    return {
      writes: 2,
      async halt() {
        const device = await openLive(server.url, gate.storage);
        gate.close();
        await other.notes.insert({ id: 'n', title: 'Keel', tags: ['sea'] });
        await other.sync.awaitInSync();
        await gate.reached;
        await write(device);
        await expect.poll(() => server.store.head('default', 'notes')).toBe(2);
        device.sockets.cut();
        await isHalted(device);
        return device;
      },
      async release() {
        gate.open();
      },
    };
  },
};

describe('while the breaker is open', () => {
  describe.each(Object.entries(phases))('which opened upon a push %s', (_, phase) => {
    it('[HA1] the device reads and writes, and counts what is pending', async () => {
      const { halt, release } = phase();
      const device = await halt();
      const { notes, sync } = device;
      await firstValueFrom(sync.pending$.pipe(filter(({ rows }) => rows === 1)));
      const shown = firstValueFrom(notes.find().$.pipe(filter((all) => all.length === 2)));
      await notes.insert({ id: 'm', title: 'Mast' });
      expect((await shown).map(({ id }) => id).sort()).toEqual(['m', 'n']);
      await (await notes.findOne('n').exec(true)).patch({ rating: 3 });
      expect((await notes.findOne('n').exec(true)).rating).toBe(3);
      await firstValueFrom(sync.pending$.pipe(filter(({ rows, bytes }) => rows === 2 && bytes > 0)));
      await (await notes.findOne('m').exec(true)).remove();
      await release?.();
      expect(sync.status.state).toBe('halted');
    });

    it('[HA2] nothing polls: no socket, and no timer but that of the probe', async () => {
      const { halt, release } = phase();
      const { scheduler, sync, notes, ...device } = await halt();
      const opened = device.opened;
      await release?.();
      await notes.insert({ id: 'm', title: 'Mast' });
      const { probeAt } = sync.status as { readonly probeAt: number };
      // On the device, and once: what was written is taken note of, and batches are looked for that a crash left half.
      await scheduler.advanceAsync(MINUTE);
      expect(scheduler.waiting).toBe(1);
      await scheduler.advanceAsync(probeAt - scheduler.now() - 1);
      expect([scheduler.waiting, device.opened - opened, sync.status.state]).toEqual([1, 0, 'halted']);
    });

    it('[HA3] and once it closes everything is pushed and pulled, and no redelivery takes a seq', async () => {
      const { halt, release, writes } = phase();
      const device = await halt();
      const { notes, sync, scheduler } = device;
      const { opened } = device;
      await other.notes.insert({ id: 'elsewhere', title: 'Oar' });
      await notes.insert({ id: 'm', title: 'Mast' });
      await release?.();
      const { probeAt } = await isHalted(device);
      await scheduler.advanceAsync(probeAt - scheduler.now());
      await sync.awaitInSync();
      await firstValueFrom(other.notes.find().$.pipe(filter((all) => all.length === 3)));
      await other.sync.awaitInSync();
      expect(device.opened - opened).toBe(1);
      const replicas = [await reportOn(device), await reportOn(other)];
      expect(judge(toHoldings(statesOf(server)), replicas)).toEqual([]);
      expect(server.store.head('default', 'notes')).toBe(writes + 2);
    });
  });

  it('[HA4] retry() pushes and pulls at once', async () => {
    const device = await haltOnItsWay();
    device.sync.retry();
    await device.sync.awaitInSync();
    expect(server.store.head('default', 'notes')).toBe(1);
  });
});

describe('a server whose disk is full', () => {
  it('[HA5] opens the breaker by its answers; when it has room again, the probe brings everything up', async () => {
    const full = await startFullServer();
    const device = await openLive(full.url);
    await write(device);
    const { cause, probeAt } = await isHalted(device);
    expect(cause).toContain('could not store');
    expect(device.sync.pending.rows).toBe(1);
    await device.scheduler.advanceAsync(MINUTE);
    expect(device.scheduler.waiting).toBe(1);
    full.makeRoom();
    await device.scheduler.advanceAsync(probeAt - device.scheduler.now());
    await device.sync.awaitInSync();
    expect(full.store.head('default', 'notes')).toBe(1);
    expect(device.opened).toBe(2);
  });
});

/** A storage whose writes of a context wait while the gate is closed. */
function createGate(context: string) {
  const storage: RxStorage<unknown, unknown> = getRxStorageMemory();
  const createInstance = storage.createStorageInstance.bind(storage);
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  let isClosed = false;

  async function createStorageInstance<D>(params: Parameters<typeof storage.createStorageInstance<D>>[0]) {
    const instance: RxStorageInstance<D, unknown, unknown> = await createInstance<D>(params);
    const prototype: Pick<typeof instance, 'bulkWrite'> = Object.getPrototypeOf(instance);
    const bulkWrite: typeof instance.bulkWrite = async (rows, by) => {
      if (isClosed && by === context) {
        reached.resolve();
        await opened.promise;
      }
      return prototype.bulkWrite.call(instance, rows, by);
    };
    // Where validators leave the storage's own method, too.
    Object.setPrototypeOf(instance, Object.create(prototype, { bulkWrite: { value: bulkWrite, writable: true } }));
    return instance;
  }

  return {
    storage: { name: storage.name, rxdbVersion: storage.rxdbVersion, createStorageInstance },
    reached: reached.promise,
    close() {
      isClosed = true;
    },
    open() {
      isClosed = false;
      opened.resolve();
    },
  };
}

async function startFullServer() {
  const dataDir = await mkdtemp(join(tmpdir(), 'breakwater-full-'));
  const disk = openSqliteStore(dataDir);
  let isFull = true;
  const store: Store = {
    ...disk,
    commit: (...commit) => (isFull ? Promise.reject(new StorageError('the disk is full')) : disk.commit(...commit)),
  };
  const full = await createServer({ store, log: () => {} });
  const { port } = await full.listen({ host: '127.0.0.1', port: 0 });
  cleanUps.push(async () => {
    await full.close();
    await rm(dataDir, { recursive: true });
  });
  return {
    url: `ws://127.0.0.1:${port}/sync`,
    store,
    makeRoom() {
      isFull = false;
    },
  };
}
