import { filter, firstValueFrom } from 'rxjs';
import { connectFloorClient } from './floor-client.ts';
import { quantile, timeMs } from './measure.ts';
import { makeNotes, openClient, toFloorRows } from './notes.ts';
import type { Result } from './result.ts';
import { startServerProcess } from './server-process.ts';

const ROWS = 100;

/** One field is patched on one client, until a live query on the other shows it. The floor: row sent, row received. */
export async function measureLatency(patches: number): Promise<Result[]> {
  const floor = await floorLatencies(patches);
  const ours = await ourLatencies(patches);
  return [0.5, 0.99].map((share) => ({
    name: `patch to the other's query, p${share * 100}`,
    unit: 'ms',
    floor: quantile(floor, share),
    ours: quantile(ours, share),
  }));
}

async function floorLatencies(patches: number): Promise<number[]> {
  const server = await startServerProcess('./floor-server.ts');
  const [writer, reader] = [await connectFloorClient(server.port), await connectFloorClient(server.port)];
  const rows = toFloorRows(makeNotes(ROWS));
  const latencies: number[] = [];
  for (let i = 0; i < patches; i++) {
    const row = rows[i % ROWS];
    if (row === undefined) throw new Error('there is no row to send');
    const arrived = new Promise<void>((resolve) => {
      reader.onRows = () => resolve();
    });
    let acknowledged: Promise<void> | undefined;
    latencies.push(
      await timeMs(() => {
        acknowledged = writer.push([[row]]);
        return arrived;
      }),
    );
    await acknowledged;
  }
  writer.end();
  reader.end();
  await server.end();
  return latencies;
}

async function ourLatencies(patches: number): Promise<number[]> {
  const server = await startServerProcess('./breakwater-server.ts');
  const writer = await openClient(server.port);
  const reader = await openClient(server.port);
  const [writerSync, readerSync] = [writer.connect(), reader.connect()];
  await writer.notes.bulkInsert(makeNotes(ROWS));
  await Promise.all([writerSync.awaitInSync(), readerSync.awaitInSync()]);
  const latencies: number[] = [];
  for (let i = 0; i < patches; i++) {
    const id = `note-${String(i % ROWS).padStart(6, '0')}`;
    const doc = await writer.notes.findOne(id).exec(true);
    const body = `patch ${i}`;
    const seen = firstValueFrom(reader.notes.findOne(id).$.pipe(filter((found) => found?.body === body)));
    // The first result of the query is there before the clock starts.
    await reader.notes.findOne(id).exec();
    latencies.push(
      await timeMs(async () => {
        await doc.patch({ body });
        await seen;
      }),
    );
  }
  await writer.database.close();
  await reader.database.close();
  await server.end();
  return latencies;
}
