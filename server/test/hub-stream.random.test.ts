import { decodeState, encodeState, merge, pick, type State, sameState, toPath } from '@breakwater/crdt';
import type { DownMessage, NewRowGroup, Page, Row } from '@breakwater/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openSqliteStore } from '../src/sqlite-store.ts';
import type { Store } from '../src/store.ts';
import { createHubWorld, type HubWorld, resultsOf, stateOf, type TestPeer } from './hub-world.ts';

const COLLECTIONS = ['notes', 'tasks'];
const IDS = ['a', 'b', 'c'];
const FIELDS = ['title', 'body'];
const DEVICES = 3;

interface Edit {
  readonly collection: string;
  readonly id: string;
  readonly field: string;
  readonly inFull: boolean;
}

type Step = { readonly device: number } & (
  | { readonly kind: 'pull'; readonly collection: string; readonly maxRows: number }
  | { readonly kind: 'push'; readonly edits: readonly Edit[]; readonly atomic: boolean }
  | { readonly kind: 'hear'; readonly messages: number }
  | { readonly kind: 'fill' | 'drain' | 'reconnect' | 'settle' }
);

const anyDevice = { device: fc.nat(DEVICES - 1) };
const anyCollection = fc.constantFrom(...COLLECTIONS);
const anyEdit: fc.Arbitrary<Edit> = fc.record({
  collection: anyCollection,
  id: fc.constantFrom(...IDS),
  field: fc.constantFrom(...FIELDS),
  inFull: fc.boolean(),
});
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      ...anyDevice,
      kind: fc.constant('pull' as const),
      collection: anyCollection,
      maxRows: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      ...anyDevice,
      kind: fc.constant('push' as const),
      edits: fc.array(anyEdit, { minLength: 1, maxLength: 3 }),
      atomic: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      ...anyDevice,
      kind: fc.constant('hear' as const),
      messages: fc.integer({ min: 1, max: 5 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ ...anyDevice, kind: fc.constantFrom('fill', 'drain', 'reconnect', 'settle') }) },
);

const anyDelays = fc.array(fc.nat(3), { minLength: 1, maxLength: 10 });

test('[HB19] whatever the interleaving, a client that applies everything up to a checkpoint has every row up to it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { minLength: 5, maxLength: 60 }), anyDelays, async (steps, delays) => {
      const world = createHubWorld({ store: delayAnswers(openSqliteStore(':memory:'), delays) });
      const devices = Array.from({ length: DEVICES }, () => createDevice(world));
      for (const step of steps) {
        const device = devices[step.device];
        if (device !== undefined) await take(device, step);
        for (const each of devices) expectCheckpointsKept(world, each);
      }
      await Promise.all(devices.flatMap(({ pushes, abandoned }) => [...pushes, ...abandoned]));
      for (const device of devices) catchUp(device);
      for (const device of devices) expectEverything(world, device);
      await world.store.close();
    }),
    { numRuns: 300 },
  );
});

/** Commits answer after some turns of the event loop each, and so in another order than they were made. */
function delayAnswers(store: Store, turns: readonly number[]): Store {
  let commits = 0;
  return {
    ...store,
    async commit(tenant, keys, decide) {
      const left = turns[commits++ % turns.length] ?? 0;
      const commit = await store.commit(tenant, keys, decide);
      for (let turn = 0; turn < left; turn++) await new Promise((resolve) => setImmediate(resolve));
      return commit;
    },
  };
}

/** A client that believes checkpoints: it never looks back before the ones it has. */
interface Device {
  readonly world: HubWorld;
  peer: TestPeer;
  /** How many of the messages to its present session it has heard. */
  heard: number;
  readonly rows: Map<string, { readonly state: State; readonly seq: number }>;
  readonly checkpoints: Map<string, number>;
  readonly pushes: Promise<void>[];
  /** Pushes of earlier sessions. */
  readonly abandoned: Promise<void>[];
}

function createDevice(world: HubWorld): Device {
  const state = { heard: 0, rows: new Map(), checkpoints: new Map(), pushes: [], abandoned: [] };
  return { world, peer: world.join(), ...state };
}

async function take(device: Device, step: Step): Promise<void> {
  switch (step.kind) {
    case 'pull':
      // A session takes one message after the other.
      await settle(device);
      device.peer.pull(checkpointOf(device, step.collection), step.maxRows, step.collection);
      return;
    case 'push':
      return pushEdits(device, step.edits, step.atomic);
    case 'hear':
      return hear(device, step.messages);
    case 'fill':
      device.peer.full = true;
      return;
    case 'drain':
      device.peer.full = false;
      return device.peer.member.drained();
    case 'reconnect':
      return reconnect(device);
    case 'settle':
      return await settle(device);
  }
}

function pushEdits(device: Device, edits: readonly Edit[], atomic: boolean): void {
  const groups = edits.map((edit) => ({ collection: edit.collection, rows: [write(device, edit)] }));
  const { peer } = device;
  // As in a session, a push waits for the one before it.
  const before = device.pushes.at(-1);
  const push = async () => {
    await before;
    const message = await (atomic ? peer.pushAtomic(...groups) : peer.push(...groups));
    if (atomic) expect(new Set(resultsOf(message).map(({ kind }) => kind)).size).toBe(1);
  };
  device.pushes.push(push());
}

/** Edits the device's own copy; answers what it pushes of it. */
function write(device: Device, { collection, id, field, inFull }: Edit): Row {
  const key = keyOf(collection, id);
  const known = device.rows.get(key);
  const edit = stateOf({ [field]: Math.random() }, known !== undefined);
  const state = known === undefined ? edit : merge(known.state, edit);
  device.rows.set(key, { state, seq: known?.seq ?? 0 });
  const isDelta = known !== undefined && !inFull;
  const bytes = encodeState(isDelta ? pick(state, [toPath([field])]) : state);
  return { id, seq: 0, deleted: false, bytes, ...(isDelta ? { base: known.seq } : {}) };
}

async function settle(device: Device): Promise<void> {
  await Promise.all(device.pushes.splice(0));
}

/** What was on its way is lost; what was heard is kept. */
function reconnect(device: Device): void {
  device.abandoned.push(...device.pushes.splice(0));
  device.peer.member.leave();
  device.peer = device.world.join();
  device.heard = 0;
}

function hear(device: Device, messages: number): void {
  for (const message of device.peer.heard.slice(device.heard, device.heard + messages)) {
    device.heard += 1;
    for (const { collection, rows, checkpoint } of groupsOf(message)) {
      for (const { id, seq, bytes } of rows) {
        const key = keyOf(collection, id);
        const known = device.rows.get(key);
        const state = decodeState(bytes);
        device.rows.set(key, { state: known === undefined ? state : merge(known.state, state), seq });
      }
      device.checkpoints.set(collection, Math.max(checkpointOf(device, collection), checkpoint));
    }
  }
}

function groupsOf(message: DownMessage): readonly NewRowGroup[] {
  if (message.type === 'page') return [message.group];
  if (message.type === 'rows') return message.groups;
  return message.type === 'ack' ? message.groups.map((group) => ({ ...group, rows: [] })) : [];
}

function catchUp(device: Device): void {
  device.peer.full = false;
  device.peer.member.drained();
  hear(device, Number.POSITIVE_INFINITY);
  // Who is followed by news needs no pull: pulling only after a reconnection shows that news alone suffice.
  for (const collection of COLLECTIONS) {
    if (!pagesOf(device, collection).some(({ last }) => last)) pullToTheEnd(device, collection);
  }
  hear(device, Number.POSITIVE_INFINITY);
}

function pullToTheEnd(device: Device, collection: string): void {
  let page: DownMessage | undefined;
  do {
    page = device.peer.pull(checkpointOf(device, collection), 2, collection);
    hear(device, Number.POSITIVE_INFINITY);
  } while (page?.type === 'page' && !page.last);
}

function expectCheckpointsKept(world: HubWorld, device: Device): void {
  for (const collection of COLLECTIONS) {
    const checkpoint = checkpointOf(device, collection);
    for (const { id, seq, state } of storedRows(world, collection)) {
      if (seq > checkpoint) continue;
      const known = device.rows.get(keyOf(collection, id));
      const hasAll = known !== undefined && sameState(merge(known.state, decodeState(state)), known.state);
      const fault = `the checkpoint ${checkpoint} covers ${id} of ${collection} at ${seq}, which the client lacks`;
      expect(hasAll, fault).toBe(true);
    }
  }
}

function expectEverything(world: HubWorld, device: Device): void {
  for (const collection of COLLECTIONS) {
    if (pagesOf(device, collection).at(-1)?.last === false) continue;
    expect(checkpointOf(device, collection)).toBe(world.store.head('acme', collection));
  }
  expectCheckpointsKept(world, device);
}

function pagesOf({ peer }: Device, collection: string): Page[] {
  return peer.heard.filter((message) => message.type === 'page').filter(({ group }) => group.collection === collection);
}

function storedRows({ store }: HubWorld, collection: string) {
  return store.page('acme', collection, { after: 0, labels: ['acme'], maxRows: 1_000, maxBytes: 1e9 }).rows;
}

function checkpointOf({ checkpoints }: Device, collection: string): number {
  return checkpoints.get(collection) ?? 0;
}

function keyOf(collection: string, id: string): string {
  return `${collection} ${id}`;
}
