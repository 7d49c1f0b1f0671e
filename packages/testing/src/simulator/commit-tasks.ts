import type { Random } from '../random.ts';

/** Commits that run in the order of their asking, and are answered in any order, when the simulation says so. */
export interface CommitTasks {
  readonly waiting: number;
  add<T>(run: () => T): Promise<T>;
  /** Runs the next commit, or answers one that has run. */
  step(random: Random): void;
  /** Nobody is answered any more. The next `durable` commits run all the same. */
  abandon(durable: number): void;
}

interface Job {
  readonly run: () => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/** How often a commit is answered in the same step in which it runs. */
const AT_ONCE = 0.6;

export function createCommitTasks(): CommitTasks {
  let jobs: Job[] = [];
  let answers: (() => void)[] = [];

  function runNext(): void {
    const job = jobs.shift();
    if (job === undefined) return;
    try {
      const value = job.run() as never;
      answers.push(() => job.resolve(value));
    } catch (error) {
      answers.push(() => job.reject(error));
    }
  }

  return {
    get waiting() {
      return jobs.length + answers.length;
    },
    add: <T>(run: () => T) =>
      new Promise<T>((resolve, reject) => {
        jobs.push({ run, resolve: resolve as (value: never) => void, reject });
      }),
    step(random) {
      runNext();
      if (answers.length > 0 && random.chance(AT_ONCE)) answers.splice(random.int(answers.length), 1)[0]?.();
    },
    abandon(durable) {
      for (const { run } of jobs.slice(0, durable)) run();
      jobs = [];
      answers = [];
    },
  };
}
