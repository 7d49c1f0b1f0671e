import { connectFloorClient } from './floor-client.ts';
import { inBatches, timeMs } from './measure.ts';
import { makeNotes, openClient, toFloorRows } from './notes.ts';
import type { Result } from './result.ts';
import { startServerProcess } from './server-process.ts';

/** Rows of one message of the floor: as many as a push or page of Breakwater holds, about. */
const BATCH_ROWS = 500;

/** Pushes rows to an empty server until all are acknowledged, then pulls them into an empty client. */
export async function measureBulk(rows: number): Promise<Result[]> {
  const notes = makeNotes(rows);
  const floor = await floorBulk(notes);
  const ours = await ourBulk(notes);
  return [
    { name: `push ${rows} rows until acknowledged`, unit: 'ms', floor: floor.push, ours: ours.push },
    { name: `cold pull of ${rows} rows`, unit: 'ms', floor: floor.pull, ours: ours.pull },
  ];
}

interface Bulk {
  readonly push: number;
  readonly pull: number;
}

async function floorBulk(notes: ReturnType<typeof makeNotes>): Promise<Bulk> {
  const server = await startServerProcess('./floor-server.ts');
  const writer = await connectFloorClient(server.port);
  const push = await timeMs(() => writer.push(inBatches(toFloorRows(notes), BATCH_ROWS)));
  // Connected only now: the batches that were just relayed must not be counted.
  const reader = await connectFloorClient(server.port);
  const pull = await timeMs(async () => requireCount(await reader.pull(), notes.length));
  writer.end();
  reader.end();
  await server.end();
  return { push, pull };
}

async function ourBulk(notes: ReturnType<typeof makeNotes>): Promise<Bulk> {
  const server = await startServerProcess('./breakwater-server.ts');
  const writer = await openClient(server.port);
  const writerSync = writer.connect();
  await writerSync.awaitInSync();
  await writer.notes.bulkInsert([...notes]);
  const push = await timeMs(() => writerSync.awaitInSync());
  const reader = await openClient(server.port);
  const pull = await timeMs(async () => {
    await reader.connect().awaitInitialReplication();
    requireCount(await reader.notes.count().exec(), notes.length);
  });
  await writer.database.close();
  await reader.database.close();
  await server.end();
  return { push, pull };
}

function requireCount(found: number, expected: number): void {
  if (found !== expected) throw new Error(`${found} rows arrived instead of ${expected}`);
}
