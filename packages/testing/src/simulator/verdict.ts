import type { State } from '@breakwater/crdt';
import { judge, toHoldings } from '../judge.ts';
import type { SimulatedWorld } from './world.ts';

/** What is wrong with a world that has become quiet. */
export function judgeWorld(world: SimulatedWorld): string[] {
  const { server, devices, faults } = world;
  const replicas = devices.map(({ name, rows, app }) => {
    return { name, holdings: toHoldings(rows), pendingRows: app?.pendingRows ?? 0 };
  });
  return [
    ...faults,
    ...judge(toHoldings(server.rows), replicas),
    ...judgeKept(world, 'the server', server.rows),
    ...devices.flatMap(({ name, rows }) => judgeKept(world, name, rows)),
    ...devices.flatMap((device) => judgeRecord(device, server.head)),
  ];
}

function judgeKept({ written, acknowledged }: SimulatedWorld, holder: string, rows: ReadonlyMap<string, State>) {
  return [...acknowledged.missingFrom(holder, rows), ...written.missingFrom(holder, rows)];
}

function judgeRecord({ name, pendingOnDisk, checkpointOnDisk }: SimulatedWorld['devices'][number], head: number) {
  const faults: string[] = [];
  if (pendingOnDisk > 0) faults.push(`${name} has ${pendingOnDisk} rows marked pending on its disk`);
  if (checkpointOnDisk !== head) faults.push(`${name} has the checkpoint ${checkpointOnDisk}, the server ${head}`);
  return faults;
}
