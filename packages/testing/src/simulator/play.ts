import type { Device } from './device.ts';
import { type Chances, randomBatch, randomWrite } from './operations.ts';
import { becomeQuiet } from './quiet.ts';
import type { Seams } from './seams.ts';
import { judgeWorld } from './verdict.ts';
import { createWorld, type SimulatedWorld } from './world.ts';

export interface PlayOptions {
  readonly seed: number;
  readonly replicas?: number;
  readonly operations?: number;
  /** May the server be set back to an earlier backup? */
  readonly setBacks?: boolean;
  readonly seams?: Seams;
}

export interface Played {
  /** Writes of users that reached a disk. */
  readonly operations: number;
  readonly batches: number;
  /** Rows that went back. */
  readonly refused: number;
  readonly purged: number;
  readonly acknowledgedRows: number;
  readonly unknownOutcomes: number;
  readonly steps: number;
  /** Two runs of a seed have the same. */
  readonly hash: string;
  /** What the judge found wrong; empty: nothing. */
  readonly verdict: readonly string[];
}

export const REPLICAS = 8;
export const OPERATIONS = 120;
/** Weather, then quiet, then the judge: so many times on end with the same world. */
const EPISODES = 3;
/** How long the client waits before it saves a checkpoint, in milliseconds. */
const SAVE_AFTER_MS = 500;
const HOUR_MS = 3_600_000;

/** Plays one seed: users write in the worst weather; then everything heals, becomes quiet and is judged; again. */
export async function play(options: PlayOptions): Promise<Played> {
  const { seed, replicas = REPLICAS, operations = OPERATIONS, seams } = options;
  const world = createWorld({ seed, replicas, ...(seams === undefined ? {} : { seams }) });
  for (const device of world.devices) {
    device.skewMs = randomSkew(world);
    device.start();
  }
  const rare: Events = options.setBacks ? SET_BACKS : PURGES;
  const events = mixEvents(world, [...rare, ...eventsWith(randomChances(world))]);
  let steps = 0;
  let verdict: readonly string[] = [];
  for (let episode = 0; episode < EPISODES && verdict.length === 0; episode++) {
    steps += await playWeather(world, events, Math.ceil(operations / EPISODES));
    verdict = await judgeInQuiet(world);
  }
  return {
    operations: world.chronicle.operations,
    batches: world.chronicle.counts.batches,
    refused: world.chronicle.counts.refused,
    purged: world.chronicle.counts.purged,
    acknowledgedRows: world.overheard.acknowledgedRows,
    unknownOutcomes: world.overheard.unknownOutcomes,
    steps,
    hash: world.trace.hash,
    verdict,
  };
}

/** What is wrong with a world once it has healed; empty: nothing. */
export async function judgeInQuiet(world: SimulatedWorld): Promise<readonly string[]> {
  const unrest = await becomeQuiet(world);
  const verdict = [...(unrest === undefined ? [] : [unrest]), ...judgeWorld(world)];
  world.chronicle.settle();
  return verdict;
}

/** Text, sets and counters are dear: half of the seeds have hardly any. */
function randomChances({ random }: SimulatedWorld): Chances {
  return { rich: random.pick([0.02, 0.02, 0.15, 0.4]), refused: random.pick([0, 0.03, 0.03, 0.12]) };
}

function randomSkew({ random }: SimulatedWorld): number {
  return (random.int(3) - 1) * random.int(HOUR_MS);
}

async function playWeather(world: SimulatedWorld, events: Events, operations: number): Promise<number> {
  const { random } = world;
  let steps = 0;
  for (let left = operations; left > 0 && steps < MAX_STEPS; steps++) {
    const event = pickEvent(events, random.next());
    const outcome = event(world, random.pick(world.devices));
    if (outcome === 'written') left -= 1;
    if (outcome instanceof Promise) await outcome;
    // Without a settling in between, things happen at the same time.
    if (random.chance(0.5)) await world.settle();
  }
  return steps;
}

/** Answers `written` when a user began a write. */
type Event = (world: SimulatedWorld, device: Device) => unknown;

type Events = readonly (readonly [share: number, event: Event])[];

/** No weather takes longer, unless it has stopped. */
const MAX_STEPS = 100_000;

/** The server forgets what was deleted. Not where it may be set back to what it was before that. */
const PURGES: Events = [
  [0.004, ({ server }) => server.shrink()],
  [0.0006, (world) => world.purge(1 + world.random.int(3))],
];

const SET_BACKS: Events = [
  [0.002, ({ server }) => server.backUp()],
  [0.002, (world) => world.setServerBack()],
];

/** What happens how often, as shares. Most of it finds nothing to do. */
const eventsWith = (chances: Chances): Events => [
  [0.05, (world, device) => write(world, device, chances)],
  [0.008, (world, device) => writeBatch(world, device, chances)],
  [0.008, actOnInbox],
  [0.42, (_, device) => device.taskStep()],
  [0.12, (world, { link }) => link && world.deliverUp(link)],
  [0.2, (world, { link }) => link && world.deliverDown(link)],
  [0.08, ({ server }) => server.commitStep()],
  [0.04, (world, device) => world.connect(device)],
  [0.03, (world, device) => world.noticeClient(device)],
  [0.015, (world) => world.noticeServer()],
  [0.0015, (world) => world.restartServer()],
  [0.008, (world, device) => world.cut(device)],
  [0.003, (world, device) => device.isOff || world.crash(device)],
  [0.003, crashWhileSaving],
  [0.012, startAgain],
  [0.0125, (world) => world.advance(world.random.int(400))],
];

/** Each seed has a weather of its own: some of what happens is rarer in it, some more frequent. */
function mixEvents({ random }: SimulatedWorld, events: Events): Events {
  const mixed = events.map(([share, event]): Events[number] => [share * random.pick([0.4, 1, 1, 2.5]), event]);
  const sum = mixed.reduce((total, [share]) => total + share, 0);
  return mixed.map(([share, event]) => [share / sum, event]);
}

function pickEvent(events: Events, dice: number): Event {
  let sum = 0;
  for (const [share, event] of events) {
    sum += share;
    if (dice < sum) return event;
  }
  return () => {};
}

function write(world: SimulatedWorld, device: Device, chances: Chances): unknown {
  if (device.app === undefined) return undefined;
  const chosen = randomWrite(world.random, world.nextNumber(), chances);
  world.trace.note(`write ${device.name} ${chosen.id}`);
  device.write(chosen);
  return 'written';
}

function writeBatch(world: SimulatedWorld, device: Device, chances: Chances): unknown {
  const chosen = randomBatch(world.random, world.nextNumber(), chances);
  if (!device.writeBatch(chosen)) return undefined;
  world.trace.note(`batch ${device.name}`);
  return 'written';
}

/** Most of what is refused is left to lie for a while. */
function actOnInbox({ random, trace }: SimulatedWorld, device: Device): void {
  const { refused } = device;
  if (refused.length === 0) return;
  trace.note(`inbox ${device.name}`);
  device.actOnInbox(random.pick(refused), random.pick(['retry', 'edit', 'edit', 'discard']));
}

/** The checkpoint is on its way to the disk, and so may be rows: each of them arrives, or does not. */
async function crashWhileSaving(world: SimulatedWorld, device: Device): Promise<void> {
  if (device.app === undefined) return;
  world.advance(SAVE_AFTER_MS);
  await world.settle();
  world.crash(device);
}

/** Whose app crashed opens it again, maybe after setting the clock. */
function startAgain(world: SimulatedWorld, device: Device): void {
  if (!device.isOff) return;
  if (world.random.chance(0.3)) device.skewMs = randomSkew(world);
  device.start();
}
