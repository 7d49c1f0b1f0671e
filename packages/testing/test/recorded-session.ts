import { randomUUID } from 'node:crypto';
import { createDatabase, defineCollections, inspectRows, type Replication, replicate } from '@breakwater/client';
import { decodeState, type Json, type State } from '@breakwater/crdt';
import type { Store } from '@breakwater/server';
import { addRxPlugin, type RxCollection } from 'rxdb';
import { RxDBAttachmentsPlugin } from 'rxdb/plugins/attachments';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { filter, firstValueFrom } from 'rxjs';
import { type FaultProxy, type FrameCut, type PassedFrame, startFaultProxy } from '../src/fault-proxy.ts';
import { judge, type ReplicaReport, toHoldings, type Verdict } from '../src/judge.ts';
import { startWorldServer, type WorldServer, worldCollections } from '../src/world.ts';

addRxPlugin(RxDBAttachmentsPlugin);

const { schema, merge } = worldCollections.notes;
const collections = defineCollections({ orders: { schema, merge }, payments: { schema, merge } });
const ordersOnly = defineCollections({ orders: { schema, merge } });

export const MAX_ROW_BYTES = 60_000;

export type DeviceName = 'a' | 'b';

export interface SessionCut extends Required<FrameCut> {
  readonly device: DeviceName;
}

/**
 * What two devices do, each over a line that can be cut at a frame. Each step ends with both devices in step: so the frames
 * are the same each time.
 */
export interface SessionScript {
  /** The collections that the devices have. */
  readonly names: readonly ('orders' | 'payments')[];
  act(a: Device, b: Device, isStored: (digest: string) => boolean): Promise<void>;
  /** What is the same in every run, of the seqs on the server and of what the devices show and have in their inboxes. */
  endingOf(seqs: Json, shown: Readonly<Record<DeviceName, Json>>): Json;
}

/** A frame of the undisturbed session. */
export interface RecordedFrame extends PassedFrame {
  readonly device: DeviceName;
}

/** How a session ended. */
export interface SessionOutcome {
  /** What is wrong; empty: nothing. */
  readonly verdict: Verdict;
  readonly frames: readonly RecordedFrame[];
  /** Connections that each device made. */
  readonly connections: Readonly<Record<DeviceName, number>>;
  readonly cuts: number;
  /** What is the same in every run. */
  readonly ending: Json;
}

/** A server for many sessions at once: each is a tenant. */
export function startSessionServer(): Promise<WorldServer> {
  return startWorldServer({
    authenticate: (token) => ({ tenant: token, user: 'user' }),
    limits: { maxRowBytes: MAX_ROW_BYTES },
  });
}

export async function playSession(
  server: WorldServer,
  script: SessionScript,
  cut?: SessionCut,
): Promise<SessionOutcome> {
  const tenant = randomUUID();
  const frames: RecordedFrame[] = [];
  const [a, b] = await Promise.all(
    (['a', 'b'] as const).map((name) =>
      openDevice({
        name,
        script,
        server,
        tenant,
        onFrame: (frame) => frames.push({ device: name, ...frame }),
        cut: cut?.device === name ? cut : undefined,
      }),
    ),
  );
  if (a === undefined || b === undefined) throw new Error('there are two devices');
  try {
    await inSync(a, b);
    await script.act(a, b, (digest) => server.store.blobs.isStored(tenant, digest));
    const replicas = [await reportOn(a), await reportOn(b)];
    return {
      verdict: judge(toHoldings(statesOf(script, server.store, tenant)), replicas),
      frames: [...frames],
      connections: { a: a.proxy.accepted, b: b.proxy.accepted },
      cuts: a.proxy.cuts + b.proxy.cuts,
      ending: script.endingOf(seqsOf(script, server.store, tenant), { a: await showOf(a), b: await showOf(b) }),
    };
  } finally {
    await Promise.all([a.end(), b.end()]);
  }
}

export async function inSync(...devices: readonly Device[]): Promise<void> {
  await Promise.all(devices.map(({ sync }) => sync.awaitInSync()));
}

export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2));
}

export async function goOffline({ sync }: Device): Promise<void> {
  sync.pause();
  await firstValueFrom(sync.status$.pipe(filter(({ state }) => state === 'paused')));
}

export type Order = Awaited<ReturnType<typeof openDatabase>>['orders'] extends RxCollection<infer T> ? T : never;

export async function sees({ database }: Device, id: string, isSo: (order: Order) => boolean): Promise<void> {
  await firstValueFrom(database.orders.findOne(id).$.pipe(filter((order) => order !== null && isSo(order))));
}

function openDatabase(name: string, { names }: SessionScript) {
  return createDatabase({
    name: `session-${name}-${randomUUID()}`,
    storage: getRxStorageMemory(),
    // A script does not touch what it has not named.
    collections: names.length === 1 ? (ordersOnly as unknown as typeof collections) : collections,
    multiInstance: false,
  });
}

export interface Device {
  readonly name: DeviceName;
  readonly names: SessionScript['names'];
  readonly database: Awaited<ReturnType<typeof openDatabase>>;
  readonly sync: Replication;
  readonly proxy: FaultProxy;
  end(): Promise<void>;
}

interface DeviceOptions {
  readonly name: DeviceName;
  readonly script: SessionScript;
  readonly server: WorldServer;
  readonly tenant: string;
  readonly onFrame: (frame: PassedFrame) => void;
  readonly cut: SessionCut | undefined;
}

async function openDevice({ name, script, server, tenant, onFrame, cut }: DeviceOptions): Promise<Device> {
  const { port, pathname } = new URL(server.url);
  const proxy = await startFaultProxy({ to: Number(port), onFrame });
  if (cut !== undefined) proxy.cutAtFrame(cut);
  const database = await openDatabase(name, script);
  const sync = replicate(database, {
    url: `ws://127.0.0.1:${proxy.port}${pathname}`,
    token: () => tenant,
    backoff: { minMs: 1, maxMs: 2 },
  });
  return {
    name,
    names: script.names,
    database,
    sync,
    proxy,
    async end() {
      await database.close();
      await proxy.end();
    },
  };
}

async function reportOn({ name, names, database, sync }: Device): Promise<ReplicaReport> {
  const states: [string, State][] = [];
  for (const collection of names) {
    for await (const { id, state } of inspectRows(database[collection] as unknown as RxCollection)) {
      states.push([`${collection} ${id}`, state]);
    }
  }
  return { name, holdings: toHoldings(states), pendingRows: sync.pending.rows };
}

async function showOf({ names, database, sync }: Device) {
  const shown: Json[] = [];
  for (const collection of names) {
    const documents = await database[collection].find({ sort: [{ id: 'asc' }] }).exec();
    shown.push(...documents.map((document) => document.toMutableJSON() as Json));
  }
  return { shown, refused: sync.refused.map(({ collection, id, code }) => [collection, id, code]) };
}

function rowsOf(store: Store, tenant: string, collection: string) {
  return store.page(tenant, collection, { after: 0, labels: [tenant], maxRows: 1_000, maxBytes: 2 ** 24 }).rows;
}

function statesOf({ names }: SessionScript, store: Store, tenant: string): [string, State][] {
  return names.flatMap((collection) =>
    rowsOf(store, tenant, collection).map(({ id, state }): [string, State] => [
      `${collection} ${id}`,
      decodeState(state),
    ]),
  );
}

function seqsOf({ names }: SessionScript, store: Store, tenant: string) {
  return names.map((collection) => ({
    collection,
    head: store.head(tenant, collection),
    rows: rowsOf(store, tenant, collection).map(({ id, seq }) => [id, seq]),
  }));
}
