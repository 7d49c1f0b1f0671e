import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CliError } from '../src/cli-error.ts';
import { readCliCommand } from '../src/cli-options.ts';
import { openSqliteStore } from '../src/sqlite-store.ts';
import type { StoreIdentity } from '../src/store.ts';
import { notes, rowOf } from './hub-world.ts';
import { runCli, type ServerProcess, startCli } from './server-process.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from './temporary-directory.ts';
import { openClient, type TestClient } from './test-client.ts';

let directory: TemporaryDirectory;
let running: ServerProcess[];
beforeEach(() => {
  directory = makeTemporaryDirectory();
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((server) => server.kill('SIGKILL')));
  directory.remove();
});

test('[BU1] a backup of a running server holds all that was acknowledged, and the server goes on', async () => {
  const server = await start();
  const client = await connect(server);
  await push(client, 'a');
  mkdirSync(at('data/blobs'));
  expect(await run('backup', 'monday.sqlite')).toEqual({
    code: 0,
    stderr: '',
    stdout: `The database is in ${at('monday.sqlite')}\nAttachments are in ${at('data/blobs')}: copy that folder now, after the database.\n`,
  });
  await push(client, 'b');
  await server.kill('SIGTERM');
  expect(readIds('monday.sqlite')).toEqual(['a']);
  expect(readIds('data/breakwater.sqlite')).toEqual(['a', 'b']);
});

test('[BU1] a server that was killed can be backed up as well', async () => {
  const server = await start();
  await push(await connect(server), 'a');
  await server.kill('SIGKILL');
  expect(existsSync(at('data/breakwater.sqlite-wal'))).toBe(true);
  expect(await run('backup', 'monday.sqlite')).toMatchObject({ code: 0, stderr: '' });
  expect(readIds('monday.sqlite')).toEqual(['a']);
});

test('[BU2] a backup overwrites nothing, and leaves nothing when it fails', async () => {
  await makeData('a');
  writeFileSync(at('there.sqlite'), 'mine');
  expect(await run('backup', 'there.sqlite')).toEqual(
    failed(`${at('there.sqlite')} is there already. Choose a file that is not, or remove it.`),
  );
  expect(readFileSync(at('there.sqlite'), 'utf8')).toBe('mine');
  expect(await run('backup', 'missing/monday.sqlite')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^The backup was not made: .*\n$/) as string,
  });
  expect(await run('backup', 'monday.sqlite', { BREAKWATER_DATA: 'none' })).toEqual(
    failed(`There is no data in ${at('none')}. Set BREAKWATER_DATA to the directory of the server.`),
  );
  breakPages('data/breakwater.sqlite');
  expect(await run('backup', 'monday.sqlite')).toMatchObject({ code: 1, stdout: '' });
  expect(readdirSync(directory.path).sort()).toEqual(['data', 'there.sqlite']);
});

test('[BU3] a restored backup is the same server in a new epoch, and what was there is kept', async () => {
  const before = await makeData('a');
  await run('backup', 'monday.sqlite');
  await makeData('b');
  const { code, stdout, stderr } = await run('restore', 'monday.sqlite');
  expect([code, stderr]).toEqual([0, '']);
  const [first, second = ''] = stdout.split('\n');
  expect(first).toBe(`${at('monday.sqlite')} is restored to ${at('data')}`);
  const kept = second.replace('What was there is in ', '');
  expect(kept).toMatch(/breakwater\.sqlite\.replaced-\d{4}-\d\d-\d\dT\d{6}\.\d{3}Z$/);
  expect(readdirSync(at('data')).filter((name) => /restoring|-wal|-shm/.test(name))).toEqual([]);
  expect(readIds(kept)).toEqual(['a', 'b']);

  const after = openSqliteStore(at('data'));
  expect(after.identity().serverId).toBe(before.serverId);
  expect(after.identity().epoch).not.toBe(before.epoch);
  expect(after.head('default', 'notes')).toBe(1);
  await after.close();
  expect(readIds('monday.sqlite')).toEqual(['a']);
});

test('[BU3] it restores where a killed server left its log, and where there was nothing', async () => {
  await makeData('a');
  await run('backup', 'monday.sqlite');
  const server = await start();
  await push(await connect(server), 'b');
  await server.kill('SIGKILL');
  const { stdout } = await run('restore', 'monday.sqlite');
  expect(readIds('data/breakwater.sqlite')).toEqual(['a']);
  expect(readIds(/ is in (.*)\n$/.exec(stdout)?.[1] ?? '')).toEqual(['a', 'b']);

  const fresh = await run('restore', 'monday.sqlite', { BREAKWATER_DATA: 'new' });
  expect(fresh).toEqual({ code: 0, stderr: '', stdout: `${at('monday.sqlite')} is restored to ${at('new')}\n` });
  expect(readIds('new/breakwater.sqlite')).toEqual(['a']);
});

test('[BU4] a server that runs keeps its data', async () => {
  await makeData('a');
  await run('backup', 'monday.sqlite');
  const server = await start();
  await push(await connect(server), 'b');
  expect(await run('restore', 'monday.sqlite')).toEqual(
    failed(`Another server uses the data in ${at('data')}. Stop it, or choose another data directory.`),
  );
  expect(readIds('data/breakwater.sqlite')).toEqual(['a', 'b']);
});

test('[BU4] what is missing, damaged or something else is not restored, and the data stays', async () => {
  await makeData('a');
  await run('backup', 'broken.sqlite');
  breakPages('broken.sqlite');
  writeFileSync(at('text.sqlite'), 'no database at all');
  new DatabaseSync(at('other.sqlite')).exec('CREATE TABLE recipes (name TEXT)');
  const before = readFileSync(at('data/breakwater.sqlite'));
  const names = readdirSync(at('data'));
  const faults: [string, RegExp][] = [
    ['missing.sqlite', /^There is no backup at .*missing\.sqlite\.\n$/],
    ['broken.sqlite', /^Nothing was restored: .*broken\.sqlite is damaged\n$/],
    ['text.sqlite', /^Nothing was restored: file is not a database\n$/],
    ['other.sqlite', /^Nothing was restored: .* is no database of Breakwater\n$/],
  ];
  for (const [file, reason] of faults) {
    const stderr = expect.stringMatching(reason) as string;
    expect(await run('restore', file), file).toEqual({ code: 1, stdout: '', stderr });
  }
  expect(readFileSync(at('data/breakwater.sqlite')).equals(before)).toBe(true);
  expect(readdirSync(at('data'))).toEqual(names);
}, 30_000);

test('[BU4] either needs one file and nothing else', () => {
  for (const name of ['backup', 'restore']) {
    const fault = new CliError(`${name} needs a file and nothing else, for example breakwater ${name} monday.sqlite.`);
    for (const rest of [[], ['a', 'b'], [''], ['a', '--static', '.'], ['a', '--older-than', '3']]) {
      expect(() => readCliCommand([name, ...rest], {})).toThrow(fault);
    }
    const options = { dataDir: 'd', file: 'a' };
    expect(readCliCommand([name, 'a'], { BREAKWATER_DATA: 'd' })).toEqual({ name, options });
  }
});

/** A data directory of a server that is stopped, with a row more. */
async function makeData(id: string): Promise<StoreIdentity> {
  const store = openSqliteStore(at('data'));
  const write = { collection: 'notes', id, deleted: false, doc: '{}', state: new Uint8Array(9), labels: ['default'] };
  await store.commit('default', [{ collection: 'notes', id }], () => ({ writes: [write], result: 0 }));
  await store.close();
  return store.identity();
}

/** Overwrites all of a database but its first page. */
function breakPages(path: string): void {
  const bytes = readFileSync(at(path));
  writeFileSync(at(path), bytes.fill(0xff, 4096));
}

function readIds(path: string): unknown[] {
  const database = new DatabaseSync(path.startsWith('/') ? path : at(path), { readOnly: true });
  try {
    const rows = database.prepare('SELECT id FROM rows ORDER BY id').all();
    return rows.map(({ id }) => id);
  } finally {
    database.close();
  }
}

async function push(client: TestClient, id: string): Promise<void> {
  expect(await client.push(notes(rowOf(id, {})))).toMatchObject({ type: 'ack' });
}

async function connect({ port }: ServerProcess): Promise<TestClient> {
  return await openClient(`ws://localhost:${port}/sync`);
}

async function start(): Promise<ServerProcess> {
  const server = await startCli({ cwd: directory.path });
  running.push(server);
  return server;
}

function run(name: string, file: string, env: NodeJS.ProcessEnv = {}) {
  return runCli({ args: [name, file], env, cwd: directory.path });
}

function at(path: string): string {
  return join(directory.path, path);
}

function failed(line: string) {
  return { code: 1, stdout: '', stderr: `${line}\n` };
}
