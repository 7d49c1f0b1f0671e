import { StorageError } from './store.ts';

/** As much of a database as transactions need. */
export interface TransactionDatabase {
  exec(sql: string): void;
  readonly isTransaction: boolean;
}

export interface CommitQueue {
  /** Runs the job in a transaction and resolves with its answer once that is committed. A job that throws leaves nothing. */
  add<T>(job: () => T): Promise<T>;
  /** As `add`, but a power cut may undo it, unless a later job of `add` has resolved: nobody waits for an fsync. */
  addUnsynced<T>(job: () => T): Promise<T>;
  /** After a failure of which nobody knows what it left on the disk: no job is taken any more. */
  readonly fault: StorageError | undefined;
  /** Takes no more jobs; ends when those taken are settled. */
  close(): Promise<void>;
}

/** Bounds how long the first job of a transaction waits for the last one. */
const MAX_JOBS_PER_TRANSACTION = 64;

const SQLITE_BUSY = 5;
const SQLITE_FULL = 13;

interface Job {
  readonly isSynced: boolean;
  run(): unknown;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

type Outcome = { readonly job: Job; readonly value: unknown } | { readonly job: Job; readonly error: unknown };

/**
 * Jobs run in the order in which they were added. Those of one turn of the event loop share a transaction, and so an
 * fsync; a savepoint keeps each of them all or nothing by itself. `onCommitted` hears of each transaction.
 */
export function createCommitQueue(database: TransactionDatabase, onCommitted = () => {}): CommitQueue {
  let waiting: Job[] = [];
  let scheduled = false;
  /** Set by a failure after which nobody knows what is on the disk: reads go on, writes do not. */
  let broken: StorageError | undefined;
  let closing: Promise<void> | undefined;
  let whenIdle: (() => void) | undefined;
  /** Does a commit sync? So it is when the database is opened. */
  let isSyncing = true;

  return {
    add: (run) => enqueue(run, true),
    addUnsynced: (run) => enqueue(run, false),
    get fault() {
      return broken;
    },
    close() {
      closing ??= new Promise((resolve) => {
        if (scheduled) whenIdle = resolve;
        else resolve();
      });
      return closing;
    },
  };

  function enqueue<T>(run: () => T, isSynced: boolean): Promise<T> {
    if (closing !== undefined) return Promise.reject(new StorageError('the store is closed'));
    return new Promise<T>((resolve, reject) => {
      waiting.push({ isSynced, run, resolve: resolve as (value: unknown) => void, reject });
      schedule();
    });
  }

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(flush);
  }

  function flush(): void {
    const jobs = waiting.slice(0, MAX_JOBS_PER_TRANSACTION);
    waiting = waiting.slice(MAX_JOBS_PER_TRANSACTION);
    runTogether(jobs);
    scheduled = false;
    if (waiting.length > 0) schedule();
    else whenIdle?.();
  }

  function runTogether(jobs: readonly Job[]): void {
    try {
      if (broken !== undefined) throw broken;
      setSyncing(jobs.some(({ isSynced }) => isSynced));
      database.exec('BEGIN IMMEDIATE');
      const outcomes = jobs.map(runAlone);
      commit();
      for (const outcome of outcomes) settle(outcome);
      onCommitted();
    } catch (error) {
      abandon();
      const failure = toStorageError(error);
      for (const job of jobs) job.reject(failure);
    }
  }

  /** The log is written in order: what syncs one commit syncs those before it. */
  function setSyncing(shouldSync: boolean): void {
    if (shouldSync === isSyncing) return;
    database.exec(`PRAGMA synchronous = ${shouldSync ? 'FULL' : 'NORMAL'}`);
    isSyncing = shouldSync;
  }

  function runAlone(job: Job): Outcome {
    database.exec('SAVEPOINT job');
    try {
      const value = job.run();
      database.exec('RELEASE job');
      return { job, value };
    } catch (error) {
      // A full disk or a failing one ends the whole transaction, with the jobs before this one.
      if (!database.isTransaction) throw error;
      database.exec('ROLLBACK TO job; RELEASE job');
      return { job, error: isDatabaseError(error) ? toStorageError(error) : error };
    }
  }

  function commit(): void {
    try {
      database.exec('COMMIT');
    } catch (error) {
      if (isKnownToBeUndone(error)) throw error;
      broken = new StorageError(
        `a commit failed and may be on the disk or not (${messageOf(error)}); restart the server`,
        {
          cause: error,
          outcomeUnknown: true,
        },
      );
      throw broken;
    }
  }

  function abandon(): void {
    if (!database.isTransaction) return;
    try {
      database.exec('ROLLBACK');
    } catch (error) {
      broken ??= new StorageError(`a failed transaction cannot be undone (${messageOf(error)}); restart the server`, {
        cause: error,
        outcomeUnknown: true,
      });
    }
  }
}

function settle(outcome: Outcome): void {
  if ('error' in outcome) outcome.job.reject(outcome.error);
  else outcome.job.resolve(outcome.value);
}

/** Only these leave no doubt: after any other failure of a commit a part of it may have reached the disk. */
function isKnownToBeUndone(error: unknown): boolean {
  const code = isDatabaseError(error) ? error.errcode & 0xff : undefined;
  return code === SQLITE_FULL || code === SQLITE_BUSY;
}

function isDatabaseError(error: unknown): error is Error & { readonly errcode: number } {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number';
}

export function toStorageError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  return new StorageError(`the storage failed: ${messageOf(error)}`, { cause: error });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
