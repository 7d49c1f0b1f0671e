import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import process from 'node:process';

export type Exit = {
  readonly code: number;
  /** The signal that was passed on to the child. */
  readonly stoppedBy: StopSignal | undefined;
};

type StopSignal = 'SIGINT' | 'SIGTERM';

/** The terminal and npm each deliver the same Ctrl-C; the child is to see one, and a later second one. */
const echoMs = 500;

const orphanCheckMs = 250;

/**
 * Runs a command with this terminal's input and output, and passes signals on.
 * It gets a process group of its own, or a Ctrl-C would reach it past this process as well.
 */
export function runChild(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Exit> {
  const child = spawn(command, args, {
    stdio: 'inherit',
    detached: process.platform !== 'win32',
    env: { ...process.env, ...env },
  });
  return new Promise((resolve, reject) => {
    const forwarding = forwardSignals(child);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      const stoppedBy = forwarding.stop();
      resolve({ code: code ?? 128 + (signal === null ? 0 : constants.signals[signal]), stoppedBy });
    });
  });
}

function forwardSignals(child: ChildProcess) {
  let last: { readonly signal: StopSignal; readonly at: number } | undefined;

  const interrupt = () => forward('SIGINT');
  const terminate = () => forward('SIGTERM');
  process.on('SIGINT', interrupt).on('SIGTERM', terminate).on('SIGHUP', terminate);
  const stopWatching = watchForOrphaning(terminate);

  function forward(signal: StopSignal): void {
    const now = performance.now();
    const isEcho = last?.signal === signal && now - last.at < echoMs;
    last = { signal, at: now };
    if (isEcho || child.pid === undefined) return;
    if (process.platform === 'win32') child.kill(signal);
    else process.kill(-child.pid, signal);
  }

  return {
    stop(): StopSignal | undefined {
      process.off('SIGINT', interrupt).off('SIGTERM', terminate).off('SIGHUP', terminate);
      stopWatching();
      return last?.signal;
    },
  };
}

/** npm runs a script through a shell, and a signal sent to npm ends only that shell. */
function watchForOrphaning(onOrphaned: () => void): () => void {
  if (process.env.npm_lifecycle_event === undefined) return () => {};
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onOrphaned();
  }, orphanCheckMs);
  return () => clearInterval(timer);
}
