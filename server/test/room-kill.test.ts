import { afterEach, expect, test } from 'vitest';
import { notes, rowOf } from './hub-world.ts';
import { startCli } from './server-process.ts';
import { makeTemporaryDirectory } from './temporary-directory.ts';
import { openClient } from './test-client.ts';
import { openYClient, type YClient } from './y-client.ts';

const KILLS = 3;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

test('[RM25] SIGKILL while somebody types loses nothing that another has seen', async () => {
  const directory = makeTemporaryDirectory();
  cleanups.push(() => directory.remove());
  await withServer(directory.path, async (url) => {
    const client = await openClient(`${url}/sync`);
    await client.push(notes(rowOf('a', { title: 'x' })));
  });
  let seen = '';
  for (let kill = 0; kill < KILLS; kill++) {
    await withServer(directory.path, async (url) => {
      const [writer, reader] = [open(url), open(url)];
      await Promise.all([writer.synced(), reader.synced()]);
      expect(reader.text.toString()).toContain(seen);
      const [from, enough] = [reader.text.length, 40 + 30 * kill];
      const typing = type(writer);
      await reader.until(() => reader.text.length >= from + enough);
      seen = reader.text.toString();
      typing.stop();
    });
  }
  await withServer(directory.path, async (url) => {
    const late = open(url);
    await late.synced();
    expect(late.text.toString()).toContain(seen);
    const client = await openClient(`${url}/sync`);
    expect(await client.pull('notes')).toMatchObject({ group: { rows: [{ id: 'a' }] } });
  });
  expect(seen.length).toBeGreaterThanOrEqual(40 + 70 + 100);
}, 30_000);

/** Kills it when that is over, and closes the clients, so that they send nothing to the next one. */
async function withServer(cwd: string, use: (url: string) => Promise<void>): Promise<void> {
  const server = await startCli({ cwd });
  try {
    await use(`ws://127.0.0.1:${server.port}`);
  } finally {
    await server.kill('SIGKILL');
    for (const client of clients.splice(0)) client.close();
  }
}

const clients: YClient[] = [];

function open(url: string): YClient {
  const client = openYClient(url, 'doc/notes/a');
  clients.push(client);
  return client;
}

/** Appends letter after letter, some in each turn of the event loop. */
function type({ text }: YClient): { stop(): void } {
  let isOver = false;
  const next = () => {
    if (isOver) return;
    for (let i = 0; i < 5; i++) text.insert(text.length, String(text.length % 10));
    setImmediate(next);
  };
  next();
  return {
    stop() {
      isOver = true;
    },
  };
}
