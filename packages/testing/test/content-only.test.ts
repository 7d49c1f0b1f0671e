import { defineCollections } from '@breakwater/client';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { asRxCollection, openWorldClient, startWorldServer, type WorldClient, type WorldServer } from '../src/world.ts';

const collections = defineCollections({
  notes: {
    schema: {
      version: 0,
      primaryKey: 'id',
      type: 'object',
      properties: { id: { type: 'string', maxLength: 100 }, body: { type: 'string' } },
    },
    merge: { body: 'text' },
  },
});

let server: WorldServer;
const clients: WorldClient[] = [];

beforeEach(async () => {
  server = await startWorldServer();
});

afterEach(async () => {
  for (const client of clients.splice(0)) await client.end();
  await server.end();
});

async function openClient(name: string): Promise<WorldClient> {
  const client = await openWorldClient({
    name,
    url: server.url,
    storage: getRxStorageMemory(),
    random: Math.random,
    collections,
  });
  clients.push(client);
  return client;
}

it('[SY4] a document that has nothing but a text goes up, and comes down', async () => {
  const [one, two] = [await openClient('one'), await openClient('two')];
  await asRxCollection(one.notes).insert({ id: 'a', body: 'Low tide' });
  await one.sync.awaitInSync();
  await expect.poll(async () => (await two.notes.findOne('a').exec())?.body).toBe('Low tide');
});

it('[SY4] so does one that the last run of the app left unsent', async () => {
  const [one, two] = [await openClient('one'), await openClient('two')];
  await one.sync.awaitInSync();
  one.sync.pause();
  await asRxCollection(one.notes).insert({ id: 'a', body: 'Low tide' });
  await one.reopen();
  await one.sync.awaitInSync();
  await expect.poll(async () => (await two.notes.findOne('a').exec())?.body).toBe('Low tide');
});
