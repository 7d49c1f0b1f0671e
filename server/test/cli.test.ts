import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CliError } from '../src/cli-error.ts';
import { readCliCommand } from '../src/cli-options.ts';
import { openSqliteStore } from '../src/sqlite-store.ts';
import { noise, rowWith } from './blob-world.ts';
import { notes, resultsOf } from './hub-world.ts';
import { type CliRun, runCli, type ServerProcess, startCli } from './server-process.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from './temporary-directory.ts';
import { openClient } from './test-client.ts';

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

test('[CL1] it says where it listens and where the data is, and nothing else', async () => {
  const server = await start({});
  expect(server.output.join('')).toBe(
    `Breakwater is ready at http://localhost:${server.port}\nData is in ${join(directory.path, 'data')}\n`,
  );
  expect(await (await fetch(`http://localhost:${server.port}/health`)).text()).toBe('ok');
});

test('[CL1] it serves the files it is told to', async () => {
  mkdirSync(join(directory.path, 'site'));
  writeFileSync(join(directory.path, 'site/index.html'), 'hello');
  const server = await start({ args: ['--static', 'site'] });
  expect(await (await fetch(`http://localhost:${server.port}/`)).text()).toBe('hello');
});

test('[CL7] the environment says how many bytes a tenant may have as attachments', async () => {
  const server = await start({ env: { BREAKWATER_MAX_TENANT_BLOB_BYTES: '100' } });
  const client = await openClient(`ws://localhost:${server.port}/sync`);
  const answer = await client.push(notes(rowWith('a', { big: noise(101) }), rowWith('b', { fits: noise(100, 2) })));
  expect(resultsOf(answer)).toMatchObject([{ code: 'over-quota' }, { kind: 'stored' }]);
  client.terminate();
});

test('[CL7] and for how long those are kept that nobody has any more', () => {
  const command = (env: NodeJS.ProcessEnv) => readCliCommand([], env);
  expect(command({ BREAKWATER_KEEP_UNUSED_BLOBS_HOURS: '72' })).toMatchObject({
    options: { keepUnusedBlobsHours: 72 },
  });
  expect(command({})).toMatchObject({ options: { keepUnusedBlobsHours: undefined, maxTenantBlobBytes: undefined } });
});

test('[CL2] SIGTERM and SIGINT end it in order, with exit code 0', async () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const server = await start({ env: { BREAKWATER_DATA: signal } });
    expect(await server.kill(signal)).toMatchObject({ code: 0, stderr: '' });
  }
});

test('[CL3] a taken port is one line that says what to do', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  expect(await run({ env: { PORT: String(port) } })).toEqual(
    failed(`Port ${port} is taken. Stop what uses it, or choose another: PORT=${port + 1}.`),
  );
  other.close();
});

test('[CL3] a locked data directory is one line that says what to do', async () => {
  await start({});
  const data = join(directory.path, 'data');
  expect(await run({ env: { PORT: '0' } })).toEqual(
    failed(`Another server uses the data in ${data}. Stop it, or choose another data directory.`),
  );
});

test('[CL3] other faults of the call are one line as well', async () => {
  writeFileSync(join(directory.path, 'file'), '');
  const faults: [CliRun['args'], NodeJS.ProcessEnv, RegExp][] = [
    [[], { PORT: 'http' }, /^PORT is 'http'; set it to a number from 0 to 65535\.\n$/],
    [[], { PORT: '65536' }, /^PORT is '65536'; .*\n$/],
    [[], { BREAKWATER_DATA: 'file' }, /^The data directory .*file cannot be used: .*Choose one .*\n$/],
    [[], { BREAKWATER_DATA: 'file/data' }, /^The data directory .*data cannot be used: .*\n$/],
    [
      [],
      { HOST: '192.0.2.1', BREAKWATER_OPEN: '1' },
      /^HOST is '192.0.2.1', which is no address of this machine\..*\n$/,
    ],
    [['--port', '1'], {}, /^Unknown option '--port'\. See breakwater --help\.\n$/],
    [['--static', 'missing'], {}, /^--static names .*missing, which is no directory\..*\n$/],
  ];
  const exits = await Promise.all(
    faults.map(([args = [], env], i) => run({ args, env: { PORT: '0', BREAKWATER_DATA: `d${i}`, ...env } })),
  );
  for (const [i, exit] of exits.entries()) expect(exit).toEqual(failed(expect.stringMatching(faults[i]?.[2] ?? '')));
}, 30_000);

test('[CL4] --help explains it all and starts nothing', async () => {
  const { code, stdout } = await run({ args: ['--help'] });
  expect(code).toBe(0);
  for (const word of [
    'HOST',
    'PORT',
    'BREAKWATER_DATA',
    'BREAKWATER_COLLECTIONS',
    '--static',
    'purge --older-than',
    'backup FILE',
    'restore FILE',
  ])
    expect(stdout).toContain(word);
  for (const word of ['BREAKWATER_OPEN', 'BREAKWATER_JWT_SECRET', 'BREAKWATER_JWT_PUBLIC_KEY', 'BREAKWATER_JWT_ISSUER'])
    expect(stdout).toContain(word);
  for (const word of ['BREAKWATER_LOG', 'BREAKWATER_LOG_LEVEL', 'BREAKWATER_METRICS_PORT'])
    expect(stdout).toContain(word);
  for (const word of ['BREAKWATER_MAX_TENANT_BLOB_BYTES', 'BREAKWATER_KEEP_UNUSED_BLOBS_HOURS'])
    expect(stdout).toContain(word);
});

test('[CL5] purge drops old tombstones from the data of a server that is stopped, and says how many', async () => {
  const days = 86_400_000;
  const data = join(directory.path, 'data');
  let time = Date.now() - 40 * days;
  const store = openSqliteStore(data, { now: () => time });
  const put = (id: string, deleted: boolean) =>
    store.commit('t', [{ collection: 'c', id }], () => ({
      writes: [{ collection: 'c', id, deleted, doc: '{}', state: new Uint8Array(9), labels: ['t'] }],
      result: 0,
    }));
  await Promise.all([put('alive', false), put('old', true), put('older', true)]);
  time = Date.now() - 2 * days;
  await put('young', true);
  await store.close();

  const purge = (olderThan: string) => run({ args: ['purge', '--older-than', olderThan] });
  const said = (text: string) => ({ code: 0, stderr: '', stdout: `${text}\n` });
  expect(await purge('30')).toEqual(said(`Tombstones older than 30 days dropped from ${data}: 2`));
  expect(await purge('30')).toEqual(said(`Tombstones older than 30 days dropped from ${data}: 0`));
  const after = openSqliteStore(data);
  const { rows } = after.page('t', 'c', { after: 0, labels: ['t'], maxRows: 9, maxBytes: 999 });
  expect(rows.map(({ id }) => id)).toEqual(['alive', 'young']);
  expect(after.purgedBefore('t', 'c')).toBe(3);
  await after.close();
});

test('[CL6] purge leaves the data of a server that runs alone, and makes none', async () => {
  await start({});
  const [data, none] = ['data', 'none'].map((name) => join(directory.path, name));
  const args = ['purge', '--older-than', '30'];
  expect(await run({ args })).toEqual(
    failed(`Another server uses the data in ${data}. Stop it, or choose another data directory.`),
  );
  expect(await run({ args, env: { BREAKWATER_DATA: 'none' } })).toEqual(
    failed(`There is no data in ${none}. Set BREAKWATER_DATA to the directory of the server.`),
  );
  expect(existsSync(none ?? '')).toBe(false);
});

test('[CL6] purge needs an age that makes sense, and nothing else takes one', () => {
  expectFault(['purge'], 'purge needs --older-than DAYS, for example --older-than 365.');
  for (const days of ['0', '-1', '0.5', '1e3', 'all', '', '99999999']) {
    expectFault(
      ['purge', `--older-than=${days}`],
      `--older-than is '${days}'; set it to a whole number of days from 1 to 36500.`,
    );
  }
  expectFault(['--older-than', '30'], '--older-than belongs to breakwater purge. See breakwater --help.');
  expectFault(['purge', '--older-than', '30', '--static', '.'], 'purge serves no files; leave --static away.');
});

test('[CL3] numbers of the environment that make no sense are named', () => {
  const faults: [string, string, number][] = [
    ['BREAKWATER_MAX_TENANT_BLOB_BYTES', '1 GB', 0],
    ['BREAKWATER_MAX_TENANT_BLOB_BYTES', '-1', 0],
    ['BREAKWATER_KEEP_UNUSED_BLOBS_HOURS', '0', 1],
  ];
  for (const [name, text, least] of faults) {
    const message = `${name} is '${text}'; set it to a whole number from ${least}.`;
    expect(() => readCliCommand([], { [name]: text })).toThrow(new CliError(message));
  }
});

test('[CL3] a command that there is not, and an option without its value, are named', () => {
  expectFault(['serve'], "There is no command 'serve'. See breakwater --help.");
  expectFault(['purge', 'all'], "There is no command 'purge all'. See breakwater --help.");
  expectFault(['--static'], "Option '--static <value>' argument missing. See breakwater --help.");
});

function expectFault(args: string[], message: string): void {
  expect(() => readCliCommand(args, {})).toThrow(new CliError(message));
}

async function start(options: Omit<CliRun, 'cwd'>): Promise<ServerProcess> {
  const server = await startCli({ ...options, cwd: directory.path });
  running.push(server);
  return server;
}

function run(options: Omit<CliRun, 'cwd'>) {
  return runCli({ ...options, cwd: directory.path });
}

/** One line on stderr; given as text, it ends with the line. */
function failed(stderr: string) {
  return { code: 1, stdout: '', stderr: typeof stderr === 'string' ? `${stderr}\n` : stderr };
}
