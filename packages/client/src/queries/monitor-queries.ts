import { Observable } from 'rxjs';
import { type Scheduler, systemScheduler } from '../scheduler.ts';
import { createDurationLog, type DurationLog, type Durations } from './durations.ts';
import { explainQuery, type QueryExplanation } from './explain.ts';
import { observeQueries } from './observe-queries.ts';
import { describeShape, type Selector, shapeOf } from './query-shape.ts';
import type { AnyDatabase, QueryOf } from './rx-types.ts';

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

/**
 * Watches the queries of a database while it is subscribed to: finds, counts, lookups by id, and live queries that are
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
    let cancelReport: (() => void) | undefined;

    function recordOf(query: QueryOf<unknown>): QueryRecord {
      const shape = shapeNameOf(query);
      const record = recordsByShape.get(shape) ?? createRecord(explainQuery(query));
      // The one seen last stands last: the first is the one to forget.
      recordsByShape.delete(shape);
      recordsByShape.set(shape, record);
      const [oldest] = recordsByShape.keys();
      if (recordsByShape.size > MOST_SHAPES && oldest !== undefined) recordsByShape.delete(oldest);
      if (showValues) record.selector = query.mangoQuery.selector as Selector;
      cancelReport ??= scheduler.after(everyMs, report);
      return record;
    }

    function report(): void {
      cancelReport = undefined;
      const reports = [...recordsByShape.values()].map(toReport);
      subscriber.next(reports.sort((a, b) => b.p95Ms - a.p95Ms));
    }

    /** What goes wrong here must not fail the app's query. */
    function note(query: QueryOf<unknown>, documents: number, add: (record: QueryRecord) => void): void {
      try {
        const record = recordOf(query);
        record.documents = documents;
        add(record);
      } catch (error) {
        subscriber.error(error);
      }
    }

    const complete = () => subscriber.complete();
    const end = observeQueries(database, {
      onRun: (query, ms, documents) =>
        note(query, documents, (record) => {
          record.runs.add(ms);
          if (ms >= slowMs) record.slow++;
        }),
      onUpdate: (query, ms, documents) => note(query, documents, (record) => record.updates.add(ms)),
    });
    database.onClose.push(complete);
    if (database.closed) complete();
    return () => {
      cancelReport?.();
      end();
      database.onClose = database.onClose.filter((onClose) => onClose !== complete);
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
}

function createRecord(explanation: QueryExplanation): QueryRecord {
  const logs = { runs: createDurationLog(), updates: createDurationLog() };
  return { explanation, ...logs, selector: explanation.selector, documents: 0, slow: 0 };
}

function toReport({ explanation, runs, updates, selector, documents, slow }: QueryRecord): QueryReport {
  return { ...explanation, ...runs.summarise(), selector, documents, slow, inMemory: updates.summarise() };
}

/** Queries are cached by RxDB, and asked again; their shape is put into words once. */
const shapeByQuery = new WeakMap<object, string>();

function shapeNameOf(query: QueryOf<unknown>): string {
  const known = shapeByQuery.get(query);
  if (known !== undefined) return known;
  const shape = describeShape(shapeOf(query));
  shapeByQuery.set(query, shape);
  return shape;
}
