import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = join(import.meta.dirname, '..');

/** The server as `npm start` runs it, on a free port, with data of its own. */
export interface ServerProcess {
  readonly url: string;
  readonly lines: readonly string[];
  /** SIGKILL: no goodbye, nothing flushed. */
  kill(): Promise<void>;
  start(): Promise<void>;
  end(): Promise<void>;
}

export async function startServerProcess(staticDir = 'demo/dist'): Promise<ServerProcess> {
  const dataDir = await mkdtemp(join(tmpdir(), 'breakwater-e2e-'));
  const lines: string[] = [];
  let port = 0;
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const args = ['--conditions=breakwater-source', 'server/src/cli.ts', '--static', staticDir];
    const env = { ...process.env, HOST: '127.0.0.1', PORT: String(port), BREAKWATER_DATA: dataDir };
    const started = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    child = started;
    const output = createInterface({ input: started.stdout });
    started.stderr.on('data', (text) => lines.push(String(text).trim()));
    for await (const line of output) {
      lines.push(line);
      const ready = /http:\/\/[^:]+:(\d+)/.exec(line);
      if (ready === null) continue;
      port = Number(ready[1]);
      started.stdout.resume();
      return;
    }
    throw new Error(`the server did not start:\n${lines.join('\n')}`);
  }

  async function kill(): Promise<void> {
    const running = child;
    child = undefined;
    if (running === undefined || running.exitCode !== null) return;
    const exited = once(running, 'exit');
    running.kill('SIGKILL');
    await exited;
  }

  await start();
  return {
    get url() {
      return `http://127.0.0.1:${port}`;
    },
    lines,
    kill,
    start,
    async end() {
      await kill();
      await rm(dataDir, { recursive: true });
    },
  };
}
