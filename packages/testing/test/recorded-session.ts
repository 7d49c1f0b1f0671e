import { randomUUID } from 'node:crypto';
import { batch, createDatabase, defineCollections, inspectRows, type Replication, replicate } from '@breakwater/client';
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
const NAMES = ['orders', 'payments'] as const;

const MAX_ROW_BYTES = 60_000;
/** Long enough that edits of it go up as diffs. */
const LONG_TEXT = 'low tide at noon, '.repeat(1_000);

/** Four pieces, the last of them short: as many as go up before the first answer. */
const PICTURE = new Blob([Uint8Array.from({ length: 60_000 }, (_, i) => (i * 7) % 251)]);

/** Two devices and a script of what they do, each over a line that can be cut at a frame. */
export type DeviceName = 'a' | 'b';

export interface SessionCut extends Required<FrameCut> {
  readonly device: DeviceName;
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
  /** What is the same in every run: the seqs on the server, what the devices show, and their inboxes. */
  readonly ending: Json;
}

/** A server for many sessions at once: each is a tenant. */
export function startSessionServer(): Promise<WorldServer> {
  return startWorldServer({
    authenticate: (token) => ({ tenant: token, user: 'user' }),
    limits: { maxRowBytes: MAX_ROW_BYTES },
  });
}

export async function playSession(server: WorldServer, cut?: SessionCut): Promise<SessionOutcome> {
  const tenant = randomUUID();
  const frames: RecordedFrame[] = [];
  const [a, b] = await Promise.all(
    (['a', 'b'] as const).map((name) =>
      openDevice({
        name,
        server,
        tenant,
        onFrame: (frame) => frames.push({ device: name, ...frame }),
        cut: cut?.device === name ? cut : undefined,
      }),
    ),
  );
  if (a === undefined || b === undefined) throw new Error('there are two devices');
  try {
    await act(a, b, (digest) => server.store.blobs.isStored(tenant, digest));
    const replicas = [await reportOn(a), await reportOn(b)];
    return {
      verdict: judge(toHoldings(statesOf(server.store, tenant)), replicas),
      frames: [...frames],
      connections: { a: a.proxy.accepted, b: b.proxy.accepted },
      cuts: a.proxy.cuts + b.proxy.cuts,
      ending: { seqs: seqsOf(server.store, tenant), a: await showOf(a), b: await showOf(b) },
    };
  } finally {
    await Promise.all([a.end(), b.end()]);
  }
}

/** Each step ends with both devices in step: so the frames are the same each time. */
async function act(a: Device, b: Device, isOnServer: (digest: string) => boolean): Promise<void> {
  await Promise.all([a.sync.awaitInSync(), b.sync.awaitInSync()]);

  await a.database.orders.insert({ id: '1', title: 'open', body: LONG_TEXT, tags: ['sea'], steps: ['one'], likes: 1 });
  await sees(b, '1', ({ title }) => title === 'open');

  await batch(a.database, (tx) => {
    tx.orders.insert({ id: '2', title: 'paid' });
    tx.payments.insert({ id: '2', title: 'by card' });
  });
  await sees(b, '2', ({ title }) => title === 'paid');

  const paid = await a.database.payments.findOne('2').exec(true);
  const { digest } = await paid.putAttachment({ id: 'slip', data: PICTURE, type: 'image/png' });
  await until(() => isOnServer(digest));
  await readSlip(b);
  await Promise.all([a.sync.awaitInSync(), b.sync.awaitInSync()]);

  await (await b.database.orders.findOne('1').exec(true)).patch({ body: `${LONG_TEXT}high at six`, likes: 3 });
  await sees(a, '1', ({ likes }) => likes === 3);

  await (await b.database.payments.findOne('2').exec(true)).remove();
  await firstValueFrom(a.database.payments.findOne('2').$.pipe(filter((payment) => payment === null)));

  await a.database.orders.insert({ id: '3', title: 'too much', body: 'x'.repeat(MAX_ROW_BYTES) });
  await firstValueFrom(a.sync.refused$.pipe(filter((refused) => refused.length > 0)));
  await Promise.all([a.sync.awaitInSync(), b.sync.awaitInSync()]);

  await Promise.all([a, b].map(goOffline));
  await (await a.database.orders.findOne('1').exec(true)).patch({ title: 'sent', body: `${LONG_TEXT}high at seven` });
  await (await b.database.orders.findOne('1').exec(true)).patch({ rating: 5, body: `Today ${LONG_TEXT}high at six` });
  a.sync.start();
  await a.sync.awaitInSync();
  b.sync.start();
  await sees(a, '1', ({ rating }) => rating === 5);
  await Promise.all([a.sync.awaitInSync(), b.sync.awaitInSync()]);
}

async function readSlip({ database, sync }: Device): Promise<void> {
  const payment = await firstValueFrom(
    database.payments.findOne('2').$.pipe(filter((found) => found !== null && found.getAttachment('slip') !== null)),
  );
  const slip = payment?.getAttachment('slip');
  if (!slip) throw new Error('the payment has no slip');
  const data = await sync.attachmentData(slip, { wait: true });
  const [sent, read] = await Promise.all([PICTURE.arrayBuffer(), data.arrayBuffer()]);
  if (!Buffer.from(sent).equals(Buffer.from(read))) throw new Error('another slip arrived than was sent');
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2));
}

async function goOffline({ sync }: Device): Promise<void> {
  sync.pause();
  await firstValueFrom(sync.status$.pipe(filter(({ state }) => state === 'paused')));
}

type Order = Awaited<ReturnType<typeof openDatabase>>['orders'] extends RxCollection<infer T> ? T : never;

async function sees({ database }: Device, id: string, isSo: (order: Order) => boolean): Promise<void> {
  await firstValueFrom(database.orders.findOne(id).$.pipe(filter((order) => order !== null && isSo(order))));
}

function openDatabase(name: string) {
  return createDatabase({
    name: `session-${name}-${randomUUID()}`,
    storage: getRxStorageMemory(),
    collections,
    multiInstance: false,
  });
}

interface Device {
  readonly name: DeviceName;
  readonly database: Awaited<ReturnType<typeof openDatabase>>;
  readonly sync: Replication;
  readonly proxy: FaultProxy;
  end(): Promise<void>;
}

interface DeviceOptions {
  readonly name: DeviceName;
  readonly server: WorldServer;
  readonly tenant: string;
  readonly onFrame: (frame: PassedFrame) => void;
  readonly cut: SessionCut | undefined;
}

async function openDevice({ name, server, tenant, onFrame, cut }: DeviceOptions): Promise<Device> {
  const { port, pathname } = new URL(server.url);
  const proxy = await startFaultProxy({ to: Number(port), onFrame });
  if (cut !== undefined) proxy.cutAtFrame(cut);
  const database = await openDatabase(name);
  const sync = replicate(database, {
    url: `ws://127.0.0.1:${proxy.port}${pathname}`,
    token: () => tenant,
    backoff: { minMs: 1, maxMs: 2 },
  });
  return {
    name,
    database,
    sync,
    proxy,
    async end() {
      await database.close();
      await proxy.end();
    },
  };
}

async function reportOn({ name, database, sync }: Device): Promise<ReplicaReport> {
  const states: [string, State][] = [];
  for (const collection of NAMES) {
    for await (const { id, state } of inspectRows(database[collection] as unknown as RxCollection)) {
      states.push([`${collection} ${id}`, state]);
    }
  }
  return { name, holdings: toHoldings(states), pendingRows: sync.pending.rows };
}

async function showOf({ database, sync }: Device) {
  const shown: Json[] = [];
  for (const collection of NAMES) {
    const documents = await database[collection].find({ sort: [{ id: 'asc' }] }).exec();
    shown.push(...documents.map((document) => document.toMutableJSON() as Json));
  }
  return { shown, refused: sync.refused.map(({ collection, id, code }) => [collection, id, code]) };
}

function rowsOf(store: Store, tenant: string, collection: string) {
  return store.page(tenant, collection, { after: 0, labels: [tenant], maxRows: 1_000, maxBytes: 2 ** 24 }).rows;
}

function statesOf(store: Store, tenant: string): [string, State][] {
  return NAMES.flatMap((collection) =>
    rowsOf(store, tenant, collection).map(({ id, state }): [string, State] => [
      `${collection} ${id}`,
      decodeState(state),
    ]),
  );
}

function seqsOf(store: Store, tenant: string) {
  return NAMES.map((collection) => ({
    collection,
    head: store.head(tenant, collection),
    rows: rowsOf(store, tenant, collection).map(({ id, seq }) => [id, seq]),
  }));
}
