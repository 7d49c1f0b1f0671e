import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

const CLI = join(import.meta.dirname, '../src/cli.ts');

/** The real program in a process of its own. */
export interface ServerProcess {
  readonly port: number;
  readonly output: readonly string[];
  kill(signal: NodeJS.Signals): Promise<Exit>;
}

export interface Exit {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliRun {
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd: string;
}

/** Runs until it ends by itself. */
export function runCli(run: CliRun): Promise<Exit> {
  return exitOf(spawnCli(run));
}

/** Runs until it says that it is ready. */
export async function startCli(run: CliRun): Promise<ServerProcess> {
  const child = spawnCli({ ...run, env: { PORT: '0', ...run.env } });
  const ended = exitOf(child);
  const output: string[] = [];
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      output.push(chunk.toString());
      const found = /ready at http:\/\/localhost:(\d+)\nData is in/.exec(output.join(''));
      if (found !== null) resolve(Number(found[1]));
    });
    void ended.then(({ stderr }) => reject(new Error(`the server did not start: ${stderr}`)));
  });
  return {
    port,
    output,
    kill(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

function spawnCli({ args = [], env = {}, cwd }: CliRun): ChildProcess {
  const { HOST: _host, PORT: _port, NODE_OPTIONS: _options, ...rest } = process.env;
  return spawn(process.execPath, ['--conditions=breakwater-source', CLI, ...args], { cwd, env: { ...rest, ...env } });
}

function exitOf(child: ChildProcess): Promise<Exit> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}
