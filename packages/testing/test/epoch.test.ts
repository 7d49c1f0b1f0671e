import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { inspectRows } from '@breakwater/client';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { filter, firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asRxCollection, openWorldClient, startWorldServer, type WorldClient, type WorldServer } from '../src/world.ts';

let server: WorldServer;
let client: WorldClient;

beforeEach(async () => {
  server = await startWorldServer();
  client = await openWorldClient({
    name: 'epoch',
    url: server.url,
    storage: getRxStorageMemory(),
    random: () => 0,
  });
  await client.sync.awaitInSync();
});

afterEach(async () => {
  await client.end();
  await server.end();
});

/** Sets the server back to the data it has now, once it is called. */
async function keepCopy(): Promise<() => Promise<void>> {
  await server.restart((dataDir) => cp(dataDir, `${dataDir}.copy`, { recursive: true }));
  return () =>
    server.restart(async (dataDir) => {
      await rm(dataDir, { recursive: true });
      await cp(`${dataDir}.copy`, dataDir, { recursive: true });
      await rm(`${dataDir}.copy`, { recursive: true });
    });
}

async function comeBack(): Promise<void> {
  client.sync.pause();
  await firstValueFrom(client.sync.status$.pipe(filter(({ state }) => state === 'paused')));
  client.sync.start();
  await client.sync.awaitInSync();
}

async function expectAllStored(count: number): Promise<void> {
  const { rows } = server.store.page('default', 'notes', {
    after: 0,
    labels: ['default'],
    maxRows: 1_000,
    maxBytes: 2 ** 24,
  });
  expect(rows).toHaveLength(count);
  const seqById = new Map(rows.map(({ id, seq }) => [id, seq]));
  for await (const { id, pending, seq } of inspectRows(asRxCollection(client.notes))) {
    expect(pending).toEqual([]);
    expect(seq).toBe(seqById.get(id));
  }
}

describe('a server whose store was set back', () => {
  it('[EP1] to fewer commits: the client pushes every row in full and pulls from the start', async () => {
    await client.notes.insert({ id: 'kept', title: 'kept' });
    await client.sync.awaitInSync();
    const setBack = await keepCopy();
    await comeBack();
    await client.notes.bulkInsert(['a', 'b', 'c'].map((id) => ({ id, title: id })));
    await (await client.notes.findOne('kept').exec(true)).patch({ body: 'changed later' });
    await client.sync.awaitInSync();
    await setBack();
    await comeBack();
    await expectAllStored(4);
  });

  it('[EP2] to another epoch: the same, although no checkpoint is ahead', async () => {
    await client.notes.bulkInsert(['a', 'b'].map((id) => ({ id, title: id })));
    await client.sync.awaitInSync();
    await server.restart(async (dataDir) => {
      const database = new DatabaseSync(join(dataDir, 'breakwater.sqlite'));
      database.exec(`UPDATE meta SET value = 'another' WHERE key = 'epoch'`);
      database.exec(`DELETE FROM rows WHERE id = 'a'`);
      database.close();
    });
    await comeBack();
    await expectAllStored(2);
  });

  it('[EP3] a delta to a row that the server lost is sent again in full', async () => {
    const setBack = await keepCopy();
    await comeBack();
    const note = await client.notes.insert({ id: 'a', title: 'Hull', body: 'old' });
    await client.sync.awaitInSync();
    client.sync.pause();
    await note.patch({ body: 'new' });
    await setBack();
    await comeBack();
    await expectAllStored(1);
    expect((await client.notes.findOne('a').exec(true)).body).toBe('new');
  });
});
