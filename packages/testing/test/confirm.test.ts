import { ConfirmTimeoutError, ReplicationEndedError } from '@breakwater/client';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openWorldClient, startWorldServer, type WorldClient, type WorldServer } from '../src/world.ts';

let server: WorldServer;
let client: WorldClient;

beforeEach(async () => {
  server = await startWorldServer({ limits: { maxRowBytes: 2_000 } });
  client = await openWorldClient({ name: 'confirm', url: server.url, storage: getRxStorageMemory(), random: () => 0 });
});

afterEach(async () => {
  await client.end();
  await server.end();
});

const insert = (body: string) => client.notes.insert({ id: 'a', title: 'Hull', body });

it("[CF1] 'stored' means that it is on the server's disk", async () => {
  expect(await client.sync.confirm(await insert('first'))).toBe('stored');
  expect(server.store.head('default', 'notes')).toBe(1);
});

it("[CF2] 'refused' means that the server will not take it", async () => {
  expect(await client.sync.confirm(await insert('x'.repeat(3_000)))).toBe('refused');
});

it('[CF3] without an answer in time it throws, and the write stays pending', async () => {
  client.sync.pause();
  const doc = await insert('first');
  await expect(client.sync.confirm(doc, { timeoutMs: 5 })).rejects.toThrow(ConfirmTimeoutError);
  expect(client.sync.pending.rows).toBe(1);
  client.sync.start();
  expect(await client.sync.confirm(doc)).toBe('stored');
});

it('[CF4] it throws when replication ends first', async () => {
  client.sync.pause();
  const rejected = expect(client.sync.confirm(await insert('first'))).rejects.toThrow(ReplicationEndedError);
  await client.sync.cancel();
  await rejected;
});

it('[CF4] it throws after the end, too', async () => {
  client.sync.pause();
  const doc = await insert('first');
  await client.sync.cancel();
  await expect(client.sync.confirm(doc)).rejects.toThrow(ReplicationEndedError);
});

it('[CF5] a write that was superseded is not stored before the newer one is', async () => {
  client.sync.pause();
  const first = await insert('first');
  await first.patch({ body: 'second' });
  await expect(client.sync.confirm(first, { timeoutMs: 5 })).rejects.toThrow(ConfirmTimeoutError);
  client.sync.start();
  expect(await client.sync.confirm(first)).toBe('stored');
});
