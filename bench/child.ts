import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** Work that a process of its own does when it is called. Arguments and answers are plain data. */
export type Calls = { [name: string]: (...args: never[]) => unknown };

/** What a process took since it began. */
export interface Usage {
  readonly cpuMs: number;
  readonly peakBytes: number;
  readonly rssBytes: number;
}

/** A process of its own, so that it shares neither event loop nor heap with the others. */
export interface Child<Api extends Calls> {
  call<Name extends keyof Api & string>(
    name: Name,
    ...args: Parameters<Api[Name]>
  ): Promise<Awaited<ReturnType<Api[Name]>>>;
  usage(): Promise<Usage>;
  end(): Promise<void>;
}

interface Request {
  readonly id: number;
  readonly name: string;
  readonly args: unknown[];
}

type Answer = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: string };

const USAGE = 'usage of the process';

/**
 * Milliseconds that all processes of the machine count alike.
 *
 * `performance.now()` begins anew with each process.
 */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** In the child: does what the parent calls for, until the parent is gone. */
export function serve<Api extends Calls>(api: Api): void {
  // A benchmark that fails must not leave its processes behind.
  process.on('disconnect', () => process.exit());
  const answer = (message: Answer) => process.send?.(message);
  process.on('message', async ({ id, name, args }: Request) => {
    try {
      if (name === USAGE) return answer({ id, value: usageOfThisProcess() });
      const call = new Map(Object.entries(api)).get(name);
      if (call === undefined) throw new Error(`there is no '${name}' to call`);
      answer({ id, value: await call(...(args as never[])) });
    } catch (error) {
      answer({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
  process.send?.('ready');
}

function usageOfThisProcess(): Usage {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  return { cpuMs: (userCPUTime + systemCPUTime) / 1000, peakBytes: maxRSS * 1024, rssBytes: process.memoryUsage.rss() };
}

/** Starts a program beside this one, which calls {@link serve}. */
export async function startChild<Api extends Calls>(file: string): Promise<Child<Api>> {
  const child: ChildProcess = fork(new URL(file, import.meta.url), {
    execArgv: ['--conditions=breakwater-source', '--disable-warning=ExperimentalWarning', ...profiling(file)],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  await once(child, 'message');
  child.on('message', (answer: Answer) => {
    const call = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('error' in answer) call?.reject(new Error(`${file}: ${answer.error}`));
    else call?.resolve(answer.value);
  });
  child.on('exit', (code) => {
    for (const call of waiting.values()) call.reject(new Error(`${file} ended with ${code}`));
    waiting.clear();
  });
  let calls = 0;

  function request(name: string, args: unknown[]): Promise<unknown> {
    const id = ++calls;
    const call = Promise.withResolvers<unknown>();
    waiting.set(id, call);
    child.send({ id, name, args } satisfies Request);
    return call.promise;
  }

  return {
    call: (name, ...args) => request(name, args) as Promise<Awaited<ReturnType<Api[typeof name]>>>,
    usage: () => request(USAGE, []) as Promise<Usage>,
    async end() {
      if (child.exitCode !== null) return;
      const exited = once(child, 'exit');
      // A profile is written by a process that exits of its own accord.
      if (process.env.BENCH_PROFILE === undefined) child.kill('SIGKILL');
      else child.disconnect();
      await exited;
    },
  };
}

/** BENCH_PROFILE=<directory> writes a CPU profile of each process there. */
function profiling(file: string): string[] {
  const directory = process.env.BENCH_PROFILE;
  if (directory === undefined) return [];
  const name = file.replaceAll(/[./]+/g, '-').replace(/^-|-ts$/g, '');
  return ['--cpu-prof', `--cpu-prof-dir=${directory}`, `--cpu-prof-name=${name}-${Date.now()}.cpuprofile`];
}
