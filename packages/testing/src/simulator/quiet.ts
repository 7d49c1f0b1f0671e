import type { Device } from './device.ts';
import type { SimulatedWorld } from './world.ts';

/** Rounds that a healed world may take; each does all that can be done. */
const MAX_ROUNDS = 2_000;
/** Longer than the client waits before it saves a checkpoint, in milliseconds. */
const PAUSE_MS = 1_000;

/** Everything works from now on: runs until nothing is left to do. Answers what is wrong, if that never happens. */
export async function becomeQuiet(world: SimulatedWorld): Promise<string | undefined> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const didSomething = heal(world) || deliverAll(world);
    await world.settle();
    if (didSomething || hasWork(world)) continue;
    world.advance(PAUSE_MS);
    await world.settle();
    if (hasWork(world)) continue;
    return world.devices.every(({ app }) => app?.isInSync) ? undefined : explain(world);
  }
  return `not quiet after ${MAX_ROUNDS} rounds`;
}

function heal(world: SimulatedWorld): boolean {
  let healed = false;
  while (world.unnoticed > 0) world.noticeServer();
  for (const device of world.devices) {
    world.noticeClient(device);
    if (device.isOff) device.start();
    if (!device.app?.canFollow || device.link !== undefined) continue;
    world.connect(device);
    healed = true;
  }
  return healed;
}

function deliverAll(world: SimulatedWorld): boolean {
  let did = false;
  for (const device of world.devices) did = runTasks(device) || deliver(world, device) || did;
  for (let left = world.server.commitsWaiting; left > 0; left--) {
    world.server.commitStep();
    did = true;
  }
  return did;
}

function runTasks(device: Device): boolean {
  const { tasksWaiting } = device;
  for (let left = tasksWaiting; left > 0; left--) device.taskStep();
  return tasksWaiting > 0;
}

function deliver(world: SimulatedWorld, { link }: Device): boolean {
  if (link === undefined) return false;
  const waiting = link.up.length + link.down.length;
  for (let left = link.up.length; left > 0; left--) world.deliverUp(link);
  for (let left = link.down.length; left > 0; left--) world.deliverDown(link);
  return waiting > 0;
}

function hasWork({ devices, server }: SimulatedWorld): boolean {
  if (server.commitsWaiting > 0) return true;
  return devices.some(({ tasksWaiting, link }) => tasksWaiting > 0 || (link !== undefined && hasFrames(link)));
}

function hasFrames({ up, down, isCut }: NonNullable<Device['link']>): boolean {
  return isCut || up.length + down.length > 0;
}

function explain({ devices }: SimulatedWorld): string {
  const stuck = devices.filter(({ app }) => !app?.isInSync);
  return `quiet, but out of step: ${stuck.map(({ name, app }) => `${name} (${app?.pendingRows} pending)`).join(', ')}`;
}
