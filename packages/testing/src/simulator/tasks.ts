import type { Random } from '../random.ts';

/** Work that was asked for and is done when the simulation says so, in two steps: it is done, then it is answered. */
export interface Tasks {
  readonly waiting: number;
  /** Resolves with what `run` answered, or rejects with what it threw, once the task is both done and answered. */
  add<T>(run: () => T): Promise<T>;
  /** One step of one task. */
  step(random: Random): void;
  /** Whoever asked is gone: nobody is answered any more. What was not done is done, or not, as `isDone` says. */
  abandon(isDone: () => boolean): void;
}

interface Task {
  readonly run: () => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
  answer?: () => void;
}

/** How often a task is answered in the same step in which it is done. */
const AT_ONCE = 0.75;

export function createTasks(): Tasks {
  let tasks: Task[] = [];
  return {
    get waiting() {
      return tasks.length;
    },
    add: <T>(run: () => T) =>
      new Promise<T>((resolve, reject) => {
        tasks.push({ run, resolve: resolve as (value: never) => void, reject });
      }),
    step(random) {
      const index = random.int(tasks.length);
      const task = tasks[index];
      if (task === undefined) return;
      const wasDone = task.answer !== undefined;
      const answer = task.answer ?? settle(task);
      task.answer = answer;
      if (!wasDone && !random.chance(AT_ONCE)) return;
      tasks.splice(index, 1);
      answer();
    },
    abandon(isDone) {
      const left = tasks;
      tasks = [];
      for (const task of left) if (task.answer === undefined && isDone()) settle(task);
    },
  };
}

/** Does the task; answers what tells its asker. */
function settle({ run, resolve, reject }: Task): () => void {
  try {
    const value = run() as never;
    return () => resolve(value);
  } catch (error) {
    return () => reject(error);
  }
}
