import { mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type CliRun, runCli, type ServerProcess, startCli } from './server-process.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from './temporary-directory.ts';

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
    [[], { HOST: '192.0.2.1' }, /^HOST is '192.0.2.1', which is no address of this machine\..*\n$/],
    [['--port', '1'], {}, /^Unknown option '--port'\. See breakwater --help\.\n$/],
    [['--static', 'missing'], {}, /^--static names .*missing, which is no directory\..*\n$/],
  ];
  const exits = await Promise.all(
    faults.map(([args = [], env], i) => run({ args, env: { PORT: '0', BREAKWATER_DATA: `d${i}`, ...env } })),
  );
  for (const [i, exit] of exits.entries()) expect(exit).toEqual(failed(expect.stringMatching(faults[i]?.[2] ?? '')));
});

test('[CL4] --help explains it all and starts nothing', async () => {
  const { code, stdout } = await run({ args: ['--help'] });
  expect(code).toBe(0);
  for (const word of ['HOST', 'PORT', 'BREAKWATER_DATA', 'BREAKWATER_COLLECTIONS', '--static'])
    expect(stdout).toContain(word);
});

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
