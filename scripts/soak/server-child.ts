import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Asked } from './server-on-demand.ts';

/** A server in a process of its own that has opened its data and listens when it is told to. */
export interface ServerChild {
  /** Answers the port. 0: any that is free. */
  listen(port: number): Promise<number>;
  /** What it holds, in bytes: its heap and its buffers. */
  memory(): Promise<number>;
  kill(): Promise<void>;
}

export async function openServerChild(dataDir: string): Promise<ServerChild> {
  const child: ChildProcess = fork(new URL('server-on-demand.ts', import.meta.url), [dataDir], {
    execArgv: ['--expose-gc', '--conditions=breakwater-source', '--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  await hear(child);
  return {
    listen: (port) => ask(child, port),
    memory: () => ask(child, 'memory'),
    async kill() {
      const exited = once(child, 'exit');
      if (child.kill('SIGKILL')) await exited;
    },
  };
}

async function ask(child: ChildProcess, asked: Asked): Promise<number> {
  const answer = hear(child);
  child.send(asked);
  return Number(await answer);
}

/** What it says next; an error when it ends instead. */
async function hear(child: ChildProcess): Promise<unknown> {
  const ended = new AbortController();
  const { signal } = ended;
  const gone = once(child, 'exit', { signal }).then(() => Promise.reject(new Error('the server ended by itself')));
  try {
    const [message] = await Promise.race([once(child, 'message', { signal }), gone]);
    return message;
  } finally {
    gone.catch(() => {});
    ended.abort();
  }
}
