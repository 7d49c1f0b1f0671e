import { isDeleted, type State, shrinkTombstone } from '@breakwater/crdt';
import { judge, toHoldings } from '../judge.ts';
import { COLLECTIONS, type Key } from './definitions.ts';
import type { Device } from './device.ts';
import type { SimulatedWorld } from './world.ts';

type StateByKey = ReadonlyMap<Key, State>;

/** What is wrong with a world that has become quiet. */
export function judgeWorld(world: SimulatedWorld): string[] {
  const { server, devices, chronicle, faults } = world;
  const { rows } = server;
  const replicas = devices.map((device) => ({ device, rows: device.rows }));
  const reports = replicas.map(({ device, rows: found }) => {
    const known = new Map([...found].filter(([key, state]) => rows.has(key) || !isLeftover(world, key, state)));
    return { name: device.name, holdings: holdingsOf(known), pendingRows: device.app?.pendingRows ?? 0 };
  });
  const inboxFaults = chronicle.inboxes.faultsInQuiet();
  return [
    ...faults,
    ...inboxFaults,
    ...chronicle.faults,
    ...chronicle.inboxes.faults,
    ...judge(holdingsOf(rows), reports),
    ...judgeHolder(world, 'the server', rows),
    ...replicas.flatMap(({ device, rows: found }) => [
      ...judgeHolder(world, device.name, found),
      ...judgeDisk(device, world),
    ]),
  ];
}

/** Shrunk or not, a tombstone says the same. */
function holdingsOf(rows: StateByKey) {
  return toHoldings([...rows].map(([key, state]) => [key, shrinkTombstone(state)]));
}

/** A tombstone that the server has dropped, and that nobody who knows of it has to drop as well. */
function isLeftover({ chronicle }: SimulatedWorld, key: Key, state: State): boolean {
  return isDeleted(state) && chronicle.purged.has(key);
}

function judgeHolder({ chronicle }: SimulatedWorld, holder: string, held: StateByKey): string[] {
  const rows = new Map([...held].map(([key, state]) => [key, shrinkTombstone(state)]));
  return [
    ...chronicle.acknowledged.missingFrom(holder, rows, chronicle.purged),
    ...chronicle.written.missingFrom(holder, rows, chronicle.purged),
    ...chronicle.batches.faultsOf(holder, rows),
    ...chronicle.faultsOf(holder, rows),
  ];
}

function judgeDisk({ name, pendingOnDisk, journals, checkpointOf }: Device, { server }: SimulatedWorld): string[] {
  const faults: string[] = [];
  if (pendingOnDisk > 0) faults.push(`${name} has ${pendingOnDisk} rows marked pending on its disk`);
  if (journals.length > 0) faults.push(`${name} still has the journals ${journals}`);
  for (const collection of COLLECTIONS) {
    const [found, head] = [checkpointOf(collection), server.headOf(collection)];
    if (found !== head) faults.push(`${name} has the checkpoint ${found} of ${collection}, the server ${head}`);
  }
  return faults;
}
