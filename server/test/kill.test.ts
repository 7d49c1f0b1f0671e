import { assembleFields, decodeState } from '@breakwater/crdt';
import { afterEach, expect, test } from 'vitest';
import { notes, rowOf } from './hub-world.ts';
import { type ServerProcess, startCli } from './server-process.ts';
import { makeTemporaryDirectory } from './temporary-directory.ts';
import { openClient, type TestClient } from './test-client.ts';

const KILLS = 3;
const WRITERS = 4;
/** Acks after which the server is killed, in the middle of what comes then. */
const ACKS_BEFORE_KILL = 60;

const directory = makeTemporaryDirectory();
let server: ServerProcess | undefined;
afterEach(async () => {
  await server?.kill('SIGKILL');
  directory.remove();
});

test('[SV11] SIGKILL under writes loses nothing that was acknowledged', async () => {
  const acknowledged = new Map<string, number>();
  for (let round = 0; round < KILLS; round++) {
    server = await startCli({ cwd: directory.path });
    const enough = Promise.withResolvers<void>();
    const writers = Array.from({ length: WRITERS }, (_, i) =>
      write(portOf(server), `${round}-${i}`, acknowledged, enough.resolve),
    );
    await enough.promise;
    await server.kill('SIGKILL');
    await Promise.all(writers);
  }
  server = await startCli({ cwd: directory.path });
  const stored = await readAll(await openClient(urlOf(portOf(server))));
  expect(acknowledged.size).toBeGreaterThanOrEqual(KILLS * ACKS_BEFORE_KILL);
  const lost = [...acknowledged].filter(([id, value]) => stored.get(id) !== value);
  expect(lost).toEqual([]);
}, 30_000);

/** Pushes one row after the other until the server is gone. */
async function write(
  port: number,
  name: string,
  acknowledged: Map<string, number>,
  onEnough: () => void,
): Promise<void> {
  const client = await openClient(urlOf(port));
  let acks = 0;
  try {
    for (let value = 0; ; value++) {
      const id = `${name}-${value}`;
      await client.push(notes(rowOf(id, { value }), rowOf(`${id}-twin`, { value })));
      acknowledged.set(id, value).set(`${id}-twin`, value);
      acks += 1;
      if (acks === ACKS_BEFORE_KILL) onEnough();
    }
  } catch {
    // The server was killed: what is not acknowledged by now may be there or not.
  }
}

async function readAll(client: TestClient): Promise<Map<string, unknown>> {
  const values = new Map<string, unknown>();
  for (let checkpoint = 0; ; ) {
    const page = await client.pull('notes', checkpoint);
    if (page.type !== 'page') throw new Error(`no page but ${JSON.stringify(page)}`);
    for (const { id, bytes } of page.group.rows) values.set(id, assembleFields(decodeState(bytes)).value);
    if (page.last) return values;
    checkpoint = page.group.checkpoint;
  }
}

function portOf(running: ServerProcess | undefined): number {
  if (running === undefined) throw new Error('no server is running');
  return running.port;
}

function urlOf(port: number): string {
  return `ws://127.0.0.1:${port}/sync`;
}
