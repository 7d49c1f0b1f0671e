import { decodeState, encodeState, merge, pick, type State, sameState, toPath } from '@breakwater/crdt';
import type { DownMessage, Row } from '@breakwater/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openSqliteStore } from '../src/sqlite-store.ts';
import type { Store } from '../src/store.ts';
import { createHubWorld, type HubWorld, stateOf, type TestPeer } from './hub-world.ts';

const IDS = ['a', 'b', 'c', 'd'];
const FIELDS = ['title', 'body'];
const DEVICES = 3;

type Step = { readonly device: number } & (
  | { readonly kind: 'pull'; readonly maxRows: number }
  | { readonly kind: 'push'; readonly id: string; readonly field: string; readonly inFull: boolean }
  | { readonly kind: 'hear'; readonly messages: number }
  | { readonly kind: 'fill' | 'drain' | 'reconnect' | 'settle' }
);

const anyDevice = { device: fc.nat(DEVICES - 1) };
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ ...anyDevice, kind: fc.constant('pull' as const), maxRows: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      ...anyDevice,
      kind: fc.constant('push' as const),
      id: fc.constantFrom(...IDS),
      field: fc.constantFrom(...FIELDS),
      inFull: fc.boolean(),
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
        for (const each of devices) expectCheckpointKept(world, each);
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

/** A client that believes checkpoints: it never looks back before the one it has. */
interface Device {
  readonly world: HubWorld;
  peer: TestPeer;
  /** How many of the messages to its present session it has heard. */
  heard: number;
  readonly rows: Map<string, { readonly state: State; readonly seq: number }>;
  checkpoint: number;
  readonly pushes: Promise<unknown>[];
  /** Pushes of earlier sessions. */
  readonly abandoned: Promise<unknown>[];
}

function createDevice(world: HubWorld): Device {
  return { world, peer: world.join(), heard: 0, rows: new Map(), checkpoint: 0, pushes: [], abandoned: [] };
}

async function take(device: Device, step: Step): Promise<void> {
  switch (step.kind) {
    case 'pull':
      // A session takes one message after the other.
      await settle(device);
      device.peer.pull(device.checkpoint, step.maxRows);
      return;
    case 'push':
      return pushEdit(device, step);
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

function pushEdit(device: Device, { id, field, inFull }: Extract<Step, { kind: 'push' }>): void {
  const known = device.rows.get(id);
  const edit = stateOf({ [field]: Math.random() }, known !== undefined);
  const state = known === undefined ? edit : merge(known.state, edit);
  device.rows.set(id, { state, seq: known?.seq ?? 0 });
  const isDelta = known !== undefined && !inFull;
  const bytes = encodeState(isDelta ? pick(state, [toPath([field])]) : state);
  const row: Row = { id, seq: 0, deleted: false, bytes, ...(isDelta ? { base: known.seq } : {}) };
  const { peer } = device;
  // As in a session, a push waits for the one before it.
  const before = device.pushes.at(-1);
  device.pushes.push(Promise.resolve(before).then(() => peer.push({ collection: 'notes', rows: [row] })));
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
    for (const { rows, checkpoint } of groupsOf(message)) {
      for (const { id, seq, bytes } of rows) {
        const known = device.rows.get(id);
        const state = decodeState(bytes);
        device.rows.set(id, { state: known === undefined ? state : merge(known.state, state), seq });
      }
      device.checkpoint = Math.max(device.checkpoint, checkpoint);
    }
  }
}

function groupsOf(message: DownMessage): readonly { readonly rows: readonly Row[]; readonly checkpoint: number }[] {
  if (message.type === 'page') return [message.group];
  if (message.type === 'rows') return message.groups;
  return message.type === 'ack' ? message.groups.map(({ checkpoint }) => ({ rows: [], checkpoint })) : [];
}

function catchUp(device: Device): void {
  device.peer.full = false;
  device.peer.member.drained();
  hear(device, Number.POSITIVE_INFINITY);
  // Who is followed by news needs no pull: pulling only after a reconnection shows that news alone suffice.
  if (!device.peer.heard.some((message) => message.type === 'page' && message.last)) pullToTheEnd(device);
  hear(device, Number.POSITIVE_INFINITY);
}

function pullToTheEnd(device: Device): void {
  let page: DownMessage | undefined;
  do {
    page = device.peer.pull(device.checkpoint, 2);
    hear(device, Number.POSITIVE_INFINITY);
  } while (page?.type === 'page' && !page.last);
}

function expectCheckpointKept(world: HubWorld, device: Device): void {
  for (const { id, seq, state } of storedRows(world)) {
    if (seq > device.checkpoint) continue;
    const known = device.rows.get(id);
    const hasAll = known !== undefined && sameState(merge(known.state, decodeState(state)), known.state);
    expect(hasAll, `the checkpoint ${device.checkpoint} covers ${id} at ${seq}, which the client lacks`).toBe(true);
  }
}

function expectEverything(world: HubWorld, device: Device): void {
  const followed = device.peer.heard.findLast((message) => message.type === 'page');
  if (followed?.type === 'page' && !followed.last) return;
  expect(device.checkpoint).toBe(world.store.head('acme', 'notes'));
  expectCheckpointKept(world, device);
}

function storedRows({ store }: HubWorld) {
  return store.page('acme', 'notes', { after: 0, labels: ['acme'], maxRows: 1_000, maxBytes: 1e9 }).rows;
}
