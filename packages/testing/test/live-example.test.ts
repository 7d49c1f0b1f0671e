import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeLine } from '../../../docs/examples/live-editing.ts';
import { startWorldServer, type WorldServer } from '../src/world.ts';

const DOCS = new URL('../../../docs/', import.meta.url);

let server: WorldServer;

beforeEach(async () => {
  server = await startWorldServer();
});

afterEach(() => server.end());

it('[LE19] the guide shows the example as it is', async () => {
  const read = (name: string) => readFile(new URL(name, DOCS), 'utf8');
  expect(await read('live-editing.md')).toContain(`\n\`\`\`ts\n${await read('examples/live-editing.ts')}\`\`\`\n`);
});

it('[LE19] and it runs', async () => {
  const ada = await writeLine(server.url, 'Ada', 'Low tide.');
  const bo = await writeLine(server.url, 'Bo', 'Herons.');
  expect((await bo.text()).body).toBe('Low tide.\nHerons.\n');
  for (const { db } of [ada, bo]) await db.close();
});
