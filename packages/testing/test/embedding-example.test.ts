import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase, replicate } from '@breakwater/client';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { filter, firstValueFrom } from 'rxjs';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { openShop } from '../../../docs/examples/embedding.ts';

const DOCS = new URL('../../../docs/', import.meta.url);

it('[EM8] the guide shows the example as it is', async () => {
  const read = (name: string) => readFile(new URL(name, DOCS), 'utf8');
  expect(await read('embedding.md')).toContain(`\n\`\`\`ts\n${await read('examples/embedding.ts')}\`\`\`\n`);
});

it('[EM8] and it runs', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'breakwater-embedding-'));
  const logged: string[] = [];
  const shop = await openShop(dataDir, (level, message) => {
    if (level === 'info') logged.push(message);
  });
  const { port } = shop.http.address() as AddressInfo;
  const { collections } = shop;
  const db = await createDatabase({ name: 'embedding-example', storage: getRxStorageMemory(), collections });
  const webSocket = (url: string) => new WebSocket(url) as never;
  const sync = replicate(db, { url: `ws://127.0.0.1:${port}/sync`, token: () => 'ada', webSocket });
  await db.orders.insert({ id: 'o1', item: 'rope', status: 'new' });
  await sync.awaitInSync();
  expect((await fetch(`http://127.0.0.1:${port}/paid/none`)).status).toBe(404);
  expect((await fetch(`http://127.0.0.1:${port}/paid/o1`)).status).toBe(204);
  await firstValueFrom(db.orders.findOne('o1').$.pipe(filter((order) => order?.status === 'paid')));
  await db.remove();
  await expect.poll(() => logged).toEqual(['ada is here', 'o1 is new', 'o1 is paid', 'ada has left']);
  await shop.close();
  await rm(dataDir, { recursive: true });
});
