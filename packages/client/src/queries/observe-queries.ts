import { RxQueryBase } from 'rxdb';
import { observersByDatabase, type QueryObserver } from './query-observers.ts';
import type { AnyDatabase, CollectionOf, QueryOf } from './rx-types.ts';

/** What RxDB's queries do and hide; exactly these methods are replaced while anybody observes. */
interface QueryInternals {
  _execOverDatabase(rerun?: number): Promise<{ readonly result: QueryResult }>;
  _setResultData(result: QueryResult): void;
}

interface EventBuffer {
  getFrom(pointer: number): unknown;
}

type QueryResult = number | readonly unknown[] | ReadonlyMap<string, unknown>;

const internals = RxQueryBase.prototype as unknown as QueryInternals;
let restoreQueries: (() => void) | undefined;

/**
 * Tells of the queries of a database from now on. While nobody observes any database, RxDB is untouched and nothing is
 * paid. Lookups by id and in-memory updates never reach the storage, so it is RxDB's query that is listened to.
 *
 * @returns a function that ends it.
 * @throws Error when this version of RxDB has no such query.
 */
export function observeQueries(database: AnyDatabase, observer: QueryObserver): () => void {
  requireInternals();
  const observers = observersByDatabase.get(database) ?? new Set();
  observersByDatabase.set(database, observers);
  observers.add(observer);
  restoreQueries ??= listenToQueries();
  return () => {
    observers.delete(observer);
    if (observers.size === 0 && observersByDatabase.get(database) === observers) observersByDatabase.delete(database);
    if (observersByDatabase.size > 0) return;
    restoreQueries?.();
    restoreQueries = undefined;
  };
}

function requireInternals(): void {
  for (const name of ['_execOverDatabase', '_setResultData'] as const) {
    if (typeof internals[name] !== 'function') {
      throw new Error(`queries cannot be observed: this version of RxDB has no ${name}; use RxDB 17`);
    }
  }
}

function listenToQueries(): () => void {
  const { _execOverDatabase: execute, _setResultData: setResult } = internals;
  const updateStarts = listenToUpdates();
  // What was just read. The query takes it over in the very next turn, unless it is what the query had before.
  let justRead: { query: object; result: QueryResult } | undefined;

  internals._execOverDatabase = function (this: QueryOf<unknown>, rerun = 0) {
    const observers = observersByDatabase.get(this.collection.database);
    // RxDB runs a query again, from within, if something was written meanwhile: that is one run.
    if (observers === undefined || rerun > 0) return execute.call(this as never, rerun);
    updateStarts.listen(this.collection);
    // Before it begins: a storage may have done all its work when the promise is there.
    const start = performance.now();
    const running = execute.call(this as never, rerun);
    running.then(({ result }) => {
      const ms = performance.now() - start;
      justRead = { query: this, result };
      for (const observer of observers) observer.onRun(this, ms, countOf(result));
    }, ignore);
    return running;
  };

  internals._setResultData = function (this: QueryOf<unknown>, result) {
    setResult.call(this as never, result);
    const wasRead = justRead?.query === this && justRead.result === result;
    if (justRead?.query === this) justRead = undefined;
    const observers = wasRead ? undefined : observersByDatabase.get(this.collection.database);
    if (observers === undefined) return;
    const ms = performance.now() - updateStarts.of(this.collection);
    for (const observer of observers) observer.onUpdate(this, ms, countOf(result));
  };

  return () => {
    internals._execOverDatabase = execute;
    internals._setResultData = setResult;
    updateStarts.end();
  };
}

/** A query that fails tells the app, not those who watch. */
function ignore(): void {}

/** An update in memory begins with the query asking for the events that it missed, and ends within the same turn. */
function listenToUpdates() {
  const startByBuffer = new WeakMap<object, number>();
  let restore: (() => void) | undefined;

  return {
    /** RxDB does not export the class: it is found by the first collection that is asked anything. */
    listen(collection: CollectionOf<unknown>): void {
      if (restore !== undefined) return;
      const prototype = Object.getPrototypeOf(collection._changeEventBuffer) as EventBuffer;
      const { getFrom } = prototype;
      prototype.getFrom = function (this: EventBuffer, pointer) {
        startByBuffer.set(this, performance.now());
        return getFrom.call(this, pointer);
      };
      restore = () => {
        prototype.getFrom = getFrom;
      };
    },
    of: (collection: CollectionOf<unknown>) => startByBuffer.get(collection._changeEventBuffer) ?? performance.now(),
    end: () => restore?.(),
  };
}

function countOf(result: QueryResult): number {
  if (typeof result === 'number') return result;
  return 'size' in result ? result.size : result.length;
}
