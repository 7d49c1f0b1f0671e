import { createHmac } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase, replicate } from '@breakwater/client';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { afterEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { collections, createNotesServer } from '../../../docs/examples/rights.ts';

const DOCS = new URL('../../../docs/', import.meta.url);
const SECRET = 'a secret that is long enough for HS256, and for no other use';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function tokenOf(user: string, ...teams: string[]): string {
  const labels = [user, ...teams].map((name) => `note:${name}`);
  const parts = [{ alg: 'HS256' }, { tenant: 'harbour', sub: user, labels }];
  const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${createHmac('sha256', SECRET).update(text).digest('base64url')}`;
}

async function open(port: number, user: string, ...teams: string[]) {
  const db = await createDatabase({ name: `rights-${user}`, storage: getRxStorageMemory(), collections });
  cleanups.push(() => db.remove());
  const sync = replicate(db, {
    url: `ws://127.0.0.1:${port}/sync`,
    token: () => tokenOf(user, ...teams),
    webSocket: (url: string) => new WebSocket(url) as never,
  });
  await sync.awaitInitialReplication();
  const titles = async () => (await db.notes.find().exec()).map(({ title }) => title).sort();
  return { notes: db.notes, sync, titles };
}

it('[LB37] the guide shows the example as it is', async () => {
  const read = (name: string) => readFile(new URL(name, DOCS), 'utf8');
  expect(await read('rights.md')).toContain(`\n\`\`\`ts\n${await read('examples/rights.ts')}\`\`\`\n`);
});

it('[LB37] and it runs', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'breakwater-rights-'));
  cleanups.push(() => rm(dataDir, { recursive: true }));
  const server = await createNotesServer(dataDir, SECRET);
  cleanups.push(() => server.close());
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  const ada = await open(port, 'ada', 'crew');
  const bo = await open(port, 'bo', 'crew');
  await ada.notes.insert({ id: 'ada/1', title: 'Mine', owner: 'ada', sharedWith: [] });
  const log = await ada.notes.insert({ id: 'ada/2', title: 'Log', owner: 'ada', sharedWith: ['crew'] });
  await expect.poll(bo.titles).toEqual(['Log']);

  await (await bo.notes.findOne('ada/2').exec(true)).incrementalPatch({ title: 'Log of May' });
  await expect.poll(ada.titles).toEqual(['Log of May', 'Mine']);
  await (await bo.notes.findOne('ada/2').exec(true)).incrementalPatch({ sharedWith: ['crew', 'bo'] });
  await expect.poll(() => bo.sync.refused).toMatchObject([{ code: 'forbidden', reason: 'only ada may share it' }]);

  await log.getLatest().incrementalPatch({ sharedWith: [] });
  await expect.poll(bo.titles).toEqual([]);
  expect(await ada.titles()).toEqual(['Log of May', 'Mine']);
});
