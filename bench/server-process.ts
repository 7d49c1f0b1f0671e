import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** A server in a process of its own, so that it shares neither event loop nor heap with the clients. */
export interface ServerProcess {
  readonly port: number;
  end(): Promise<void>;
}

/** Called in the server's process once it listens. */
export function announce(port: number): void {
  // A benchmark that fails must not leave its servers behind.
  process.on('disconnect', () => process.exit());
  process.send?.({ port });
}

export async function startServerProcess(file: string): Promise<ServerProcess> {
  const child: ChildProcess = fork(new URL(file, import.meta.url), {
    execArgv: ['--conditions=breakwater-source', '--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [message] = (await once(child, 'message')) as [{ readonly port: number }];
  return {
    port: message.port,
    async end() {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}
