import { afterEach, expect, test } from 'vitest';
import * as Y from 'yjs';
import { createServer, type ServerOptions } from '../src/server.ts';
import { notes, rowOf } from './hub-world.ts';
import { makeTemporaryDirectory } from './temporary-directory.ts';
import { openClient } from './test-client.ts';
import { openYClient, type YClient, type YClientOptions } from './y-client.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

test('[YW1] what one types the other has', async () => {
  const { url } = await start();
  await makeNote(url, 'a');
  const [one, two] = [open(url, 'doc/notes/a'), open(url, 'doc/notes/a')];
  await Promise.all([one.synced(), two.synced()]);
  one.text.insert(0, 'hello');
  await two.until(() => two.text.toString() === 'hello');
  two.text.insert(5, ' you');
  await one.until(() => one.text.toString() === 'hello you');
});

async function start(options: ServerOptions = {}) {
  const server = await createServer({ dataDir: temporary(), log: () => {}, ...options });
  cleanups.push(() => server.close());
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  return { server, port, url: `ws://127.0.0.1:${port}` };
}

function temporary(): string {
  const directory = makeTemporaryDirectory();
  cleanups.push(() => directory.remove());
  return directory.path;
}

function open(url: string, room: string, options: YClientOptions = {}): YClient {
  const client = openYClient(url, room, options);
  cleanups.push(() => client.close());
  return client;
}

async function makeNote(url: string, id: string, token = ''): Promise<void> {
  const client = await openClient(`${url}/sync`, token);
  await client.push(notes(rowOf(id, { title: 'x' })));
  client.terminate();
}
