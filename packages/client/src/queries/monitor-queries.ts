import type { RxQueryPlan } from 'rxdb';
import { Observable } from 'rxjs';
import { type Scheduler, systemScheduler } from '../scheduler.ts';
import { createDurationLog, type DurationLog, type Durations } from './durations.ts';
import { explainPage, explainQuery, type QueryExplanation } from './explain.ts';
import { observeQueries } from './observe-queries.ts';
import { isByIdQuery, type Selector, shapeKeyOf } from './query-shape.ts';
import type { AnyDatabase, QueryOf } from './rx-types.ts';
import { whenClosed } from './when-closed.ts';

/** All queries of one shape, since the monitor was subscribed to. */
export interface QueryReport extends QueryExplanation, Durations {
  /** Documents that the last run returned, or counted. */
  readonly documents: number;
  /** Runs that took `slowMs` or longer. */
  readonly slow: number;
  /** How often, and how fast, the results of live queries were brought up to date without asking the storage. */
  readonly inMemory: Durations;
}

export interface MonitorOptions {
  /** From how many milliseconds on a run counts as slow. Default: 50. */
  readonly slowMs?: number;
  /** Reports the selector of the last run with its values, which may be private. Default: false, each is a '?'. */
  readonly showValues?: boolean;
  /** Reports come at most once in so many milliseconds. Default: 250. */
  readonly everyMs?: number;
  readonly scheduler?: Scheduler;
}

/** Shapes are few; an app that builds its selectors from data may have any number of them. */
const MOST_SHAPES = 500;

/** No other query has it. */
const BY_ID_KEY = 'by id';

/**
 * Watches the queries of a database while it is subscribed to: finds, counts, lookups by id, pages, and live queries that are
 * brought up to date in memory. Each emission holds one report for each shape, the slowest (by p95) first.
 *
 * Nothing is paid before the first subscription or after the last one ends. Unsubscribing forgets everything; so does
 * closing the database, which completes it.
 *
 * @throws RangeError when slowMs or everyMs is negative or no number.
 */
export function monitorQueries(
  database: AnyDatabase,
  { slowMs = 50, showValues = false, everyMs = 250, scheduler = systemScheduler }: MonitorOptions = {},
): Observable<readonly QueryReport[]> {
  for (const [name, ms] of Object.entries({ slowMs, everyMs })) {
    if (!(ms >= 0)) throw new RangeError(`monitorQueries: ${name} must be a number of milliseconds from 0, not ${ms}`);
  }
  return new Observable((subscriber) => {
    const recordsByShape = new Map<string, QueryRecord>();
    // Several keys may stand for one shape; shapes are put into words once for each key.
    const keysByCollection = new Map<object, Map<string, QueryRecord>>();
    let uses = 0;
    let cancelReport: (() => void) | undefined;

    function recordOf(query: QueryOf<unknown>, pagePlan: RxQueryPlan | undefined): QueryRecord {
      const key = pagePlan ? `page ${shapeKeyOf(query)}` : isByIdQuery(query) ? BY_ID_KEY : shapeKeyOf(query);
      const known = keysByCollection.get(query.collection)?.get(key);
      const record = known ?? remember(query, key, pagePlan ? explainPage(query, pagePlan) : explainQuery(query));
      record.lastUse = ++uses;
      if (showValues) record.selector = query.mangoQuery.selector as Selector;
      cancelReport ??= scheduler.after(everyMs, report);
      return record;
    }

    function remember(query: QueryOf<unknown>, key: string, explanation: QueryExplanation): QueryRecord {
      const record = recordsByShape.get(explanation.shape) ?? createRecord(explanation);
      if (recordsByShape.size >= MOST_SHAPES && !recordsByShape.has(explanation.shape)) forgetOldest();
      recordsByShape.set(explanation.shape, record);
      const keys = keysByCollection.get(query.collection) ?? new Map();
      keysByCollection.set(query.collection, keys.set(key, record));
      return record;
    }

    function forgetOldest(): void {
      const [oldest] = [...recordsByShape.values()].sort((a, b) => a.lastUse - b.lastUse);
      if (oldest === undefined) return;
      recordsByShape.delete(oldest.explanation.shape);
      for (const keys of keysByCollection.values()) {
        for (const [key, record] of keys) if (record === oldest) keys.delete(key);
      }
    }

    function report(): void {
      cancelReport = undefined;
      const reports = [...recordsByShape.values()].map(toReport);
      subscriber.next(reports.sort((a, b) => b.p95Ms - a.p95Ms));
    }

    /** What goes wrong here must not fail the app's query. */
    function note(query: QueryOf<unknown>, documents: number, plan: RxQueryPlan | undefined): QueryRecord | undefined {
      try {
        const record = recordOf(query, plan);
        record.documents = documents;
        return record;
      } catch (error) {
        subscriber.error(error);
        return undefined;
      }
    }

    function noteRun(query: QueryOf<unknown>, ms: number, documents: number, plan?: RxQueryPlan): void {
      const record = note(query, documents, plan);
      record?.runs.add(ms);
      if (record !== undefined && ms >= slowMs) record.slow++;
    }

    const end = observeQueries(database, {
      onRun: noteRun,
      onPage: noteRun,
      onUpdate: (query, ms, documents) => note(query, documents, undefined)?.updates.add(ms),
    });
    const forget = whenClosed(database, () => subscriber.complete());
    if (database.closed) subscriber.complete();
    return () => {
      cancelReport?.();
      end();
      forget();
    };
  });
}

/** Holds no query: a query holds its documents. */
interface QueryRecord {
  readonly explanation: QueryExplanation;
  readonly runs: DurationLog;
  readonly updates: DurationLog;
  selector: Selector;
  documents: number;
  slow: number;
  /** The number of the use, of all uses. */
  lastUse: number;
}

function createRecord(explanation: QueryExplanation): QueryRecord {
  const logs = { runs: createDurationLog(), updates: createDurationLog() };
  return { explanation, ...logs, selector: explanation.selector, documents: 0, slow: 0, lastUse: 0 };
}

function toReport({ explanation, runs, updates, selector, documents, slow }: QueryRecord): QueryReport {
  return { ...explanation, ...runs.summarise(), selector, documents, slow, inMemory: updates.summarise() };
}
