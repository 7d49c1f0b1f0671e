import { forbiddenTitle } from './definitions.ts';
import type { Device } from './device.ts';
import { insertOf, patch, patchPlace, remove, removeBody, type Write } from './operations.ts';
import { judgeInQuiet } from './play.ts';
import type { Seams } from './seams.ts';
import { createWorld, type SimulatedWorld } from './world.ts';

/** What becomes of a device while it writes: its push is acknowledged, or something ends it on either side of the ack. */
const FATES = [
  'online',
  'offline',
  'cut before the ack',
  'cut after it',
  'crash before the ack',
  'crash after it',
] as const;
export type Fate = (typeof FATES)[number];

/** One small world, played through: each device in its turn writes and meets its fate. */
export interface Case {
  readonly fates: readonly Fate[];
  /** The devices by number, in the order of their turns. */
  readonly turns: readonly number[];
  /** Do the others hear of each turn before the next one? */
  readonly hearing: 'at once' | 'at the end';
  readonly writes: Script;
}

/** What each device writes, one after the other; several writes at once are a batch. */
type Script = readonly (readonly (Write | readonly Write[])[])[];

const ORDERS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];

const on = (operation: Write['operation']): Write => ({ collection: 'notes', id: 'a', operation });
const revive = on(insertOf({ title: 'revived' }));
const besides: Write = { collection: 'tasks', id: 'a', operation: insertOf({ title: 'besides' }) };

/** What the three devices write to one document that all of them have. */
const SCRIPTS: readonly Script[] = [
  [[on(patch({ title: 'one' }))], [on(patch({ title: 'two' }))], [on(patchPlace({ city: 'three' }))]],
  [[on(remove)], [on(patch({ title: 'two' })), on(removeBody)], [on(remove), revive]],
  [
    [[on(patch({ title: 'one' })), besides]],
    [on(patch({ title: forbiddenTitle(2) }))],
    [on(patchPlace({ city: 'three' }))],
  ],
];

/** Every case: 6³ fates, 6 orders, 2 ways of hearing, 3 scripts. */
export function* allCases(): Generator<Case> {
  for (const writes of SCRIPTS)
    for (const turns of ORDERS)
      for (const hearing of ['at once', 'at the end'] as const)
        for (const first of FATES)
          for (const second of FATES)
            for (const third of FATES) yield { fates: [first, second, third], turns, hearing, writes };
}

export interface PlayedCase {
  readonly operations: number;
  readonly verdict: readonly string[];
}

/** Answers what the judge found wrong with a case; the seed only chooses the order of the devices' inner work. */
export async function playCase({ fates, turns, hearing, writes }: Case, seams: Seams = {}): Promise<PlayedCase> {
  const world = createWorld({ seed: 1, replicas: fates.length, seams });
  const before = await shareDocument(world);
  for (const turn of turns) {
    const device = world.devices[turn];
    if (device === undefined) continue;
    for (const write of writes[turn] ?? []) await writeUnder(world, device, fates[turn] ?? 'online', write);
    if (hearing === 'at once') await runAll(world, world.devices);
  }
  const verdict = [...before, ...(await judgeInQuiet(world))];
  return { operations: world.chronicle.operations, verdict };
}

async function shareDocument(world: SimulatedWorld): Promise<readonly string[]> {
  const [writer] = world.devices;
  for (const device of world.devices) device.start();
  await runAll(world, world.devices);
  writer?.write(on(insertOf({ title: 'first', body: 'body', place: { city: 'here' } })));
  return judgeInQuiet(world);
}

async function writeUnder(
  world: SimulatedWorld,
  device: Device,
  fate: Fate,
  write: Write | readonly Write[],
): Promise<void> {
  await openApp(world, device);
  if (fate === 'offline') endLink(world, device);
  else world.connect(device);
  await runAll(world, [device]);
  if ('operation' in write) device.write(write);
  else device.writeBatch(write);
  if (fate === 'online' || fate === 'offline') return runAll(world, [device]);
  await runUntilAck(world, device);
  // The ack has come, and what it says has not reached the disk.
  if (fate.endsWith('after it')) await hearOnly(world, device);
  if (fate.startsWith('cut')) endLink(world, device);
  else world.crash(device);
  world.noticeServer();
}

/** A case writes on a device that crashed in its first write: it is opened again for the second one. */
async function openApp(world: SimulatedWorld, device: Device): Promise<void> {
  if (!device.isOff) return;
  device.start();
  await runAll(world, [device]);
}

function endLink(world: SimulatedWorld, device: Device): void {
  world.cut(device);
  world.noticeClient(device);
}

/** Runs these devices and the server until nothing is left to do for them. */
async function runAll(world: SimulatedWorld, devices: readonly Device[]): Promise<void> {
  for (let did = true; did; ) {
    did = false;
    await world.settle();
    for (const device of devices) did = runDevice(world, device) || did;
    for (const { link } of devices) for (; link && link.down.length > 0; did = true) world.deliverDown(link);
  }
}

/** As runAll, but for what the server says. */
async function runUntilAck(world: SimulatedWorld, device: Device): Promise<void> {
  for (let did = true; did; ) {
    await world.settle();
    did = runDevice(world, device);
  }
}

async function hearOnly(world: SimulatedWorld, { link }: Device): Promise<void> {
  for (; link && link.down.length > 0; ) world.deliverDown(link);
  await world.settle();
}

function runDevice(world: SimulatedWorld, device: Device): boolean {
  const { link, tasksWaiting } = device;
  for (let left = tasksWaiting; left > 0; left--) device.taskStep();
  let did = tasksWaiting > 0;
  for (; link && link.up.length > 0; did = true) world.deliverUp(link);
  for (; world.server.commitsWaiting > 0; did = true) world.server.commitStep();
  return did;
}
