import { createDatabase, defineCollections, replicate } from '@breakwater/client';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { nowMs, startChild } from './child.ts';
import { median } from './measure.ts';
import { makeNotes, notesSchema } from './note-rows.ts';
import type { FollowersApi } from './peers/followers.ts';
import { type RunningPeer, startPeer } from './peers/peer.ts';
import { on } from './scenarios/scenario.ts';
import { toTable } from './table.ts';

const ROWS = [1_000, 10_000, 100_000];
const SUBSCRIBERS = [10, 100, 1_000];
const COLLECTIONS = [1, 3, 6];
const PATCHES = 100;
const ROWS_OF_COLLECTIONS = 6_000;
/** A push of more at once would measure the insert, not the server. */
const ROWS_AT_ONCE = 5_000;

/** How cost grows with rows, with sessions that follow, and with collections. Against itself, so without a floor. */
export async function reportGrowth(): Promise<string> {
  return `
${toTable(['rows', 'push, a row', 'cold pull, a row', 'patch to the other, p50', 'memory of the server'], await byRows())}

${toTable(['subscribers', 'patch until the last has it, p50', 'for one of them', 'CPU of the server for one'], await bySubscribers())}

${toTable([`${ROWS_OF_COLLECTIONS.toLocaleString('en')} rows in`, 'push', 'cold pull'], await byCollections())}
`;
}

async function byRows(): Promise<string[][]> {
  const lines: string[][] = [];
  for (const rows of ROWS) {
    lines.push(
      await on('breakwater', async (peer) => {
        const writer = await peer.client();
        let pushMs = 0;
        for (let first = 0; first < rows; first += ROWS_AT_ONCE) {
          const { began } = await writer.call('write', first, Math.min(ROWS_AT_ONCE, rows - first));
          await writer.call('acknowledged');
          pushMs += nowMs() - began;
        }
        const reader = await peer.offlineClient();
        const began = await reader.call('connect');
        const pullMs = (await reader.call('holds', rows)) - began;
        const patches: number[] = [];
        for (let update = 1; update <= 100; update++) {
          await reader.call('watchRow', update, update);
          const patched = await writer.call('patchRow', update, update);
          patches.push((await reader.call('seen')) - patched);
        }
        const { rssBytes } = await peer.server.usage();
        const micros = (ms: number) => `${((ms * 1000) / rows).toFixed(0)} µs`;
        const p50 = patches.sort((a, b) => a - b)[50] ?? 0;
        return [
          rows.toLocaleString('en'),
          micros(pushMs),
          micros(pullMs),
          `${p50.toFixed(2)} ms`,
          `${(rssBytes / 1e6).toFixed(0)} MB`,
        ];
      }),
    );
  }
  return lines;
}

async function bySubscribers(): Promise<string[][]> {
  const lines: string[][] = [];
  for (const subscribers of SUBSCRIBERS) {
    const { ms, cpuMs } = await on('breakwater', (peer) => fanOutTo(peer, subscribers));
    lines.push([
      subscribers.toLocaleString('en'),
      `${ms.toFixed(1)} ms`,
      `${((ms * 1000) / subscribers).toFixed(0)} µs`,
      `${((cpuMs * 1000) / subscribers).toFixed(0)} µs`,
    ]);
  }
  return lines;
}

async function fanOutTo(peer: RunningPeer, subscribers: number): Promise<{ ms: number; cpuMs: number }> {
  const writer = await peer.client();
  await writer.call('write', 0, 1);
  await writer.call('acknowledged');
  const followers = await startChild<FollowersApi>('./peers/breakwater-followers.ts');
  await followers.call('open', peer.port, subscribers);
  const before = await peer.server.usage();
  const taken: number[] = [];
  for (let update = 1; update <= PATCHES; update++) {
    await followers.call('listen');
    const began = await writer.call('patchRow', 0, update);
    taken.push((await followers.call('allHeard')) - began);
  }
  const after = await peer.server.usage();
  await followers.end();
  return { ms: median(taken), cpuMs: (after.cpuMs - before.cpuMs) / PATCHES };
}

async function byCollections(): Promise<string[][]> {
  const lines: string[][] = [];
  for (const count of COLLECTIONS) {
    const server = await startPeer('breakwater');
    const notes = makeNotes(ROWS_OF_COLLECTIONS / count);
    const writer = await open(count, server.port);
    const began = nowMs();
    for (const name of writer.names) await writer.database[name]?.bulkInsert(notes.map((note) => ({ ...note })));
    await writer.sync.awaitInSync();
    const pushMs = nowMs() - began;
    const pullBegan = nowMs();
    const reader = await open(count, server.port);
    await reader.sync.awaitInSync();
    const pullMs = nowMs() - pullBegan;
    lines.push([`${count} collection${count === 1 ? '' : 's'}`, `${pushMs.toFixed(0)} ms`, `${pullMs.toFixed(0)} ms`]);
    for (const { database } of [writer, reader]) await database.close();
    await server.end();
  }
  return lines;
}

async function open(count: number, port: number) {
  const names = Array.from({ length: count }, (_, i) => `notes${i}`);
  const collections = defineCollections(Object.fromEntries(names.map((name) => [name, { schema: notesSchema }])));
  const database = await createDatabase({
    name: `bench-${crypto.randomUUID()}`,
    storage: getRxStorageMemory(),
    collections,
    multiInstance: false,
  });
  return { names, database, sync: replicate(database, { url: `ws://127.0.0.1:${port}/sync` }) };
}
