import { mapDocumentsDataToCacheDocs, type RxDocument, type RxQuery } from 'rxdb';
import { Observable, type Subscriber } from 'rxjs';
import { type Scheduler, systemScheduler } from '../scheduler.ts';
import { createPageReader } from './create-page-reader.ts';
import { type Key, keyOf, orderOf, type StoredFields } from './page-order.ts';
import { observersByDatabase } from './query-observers.ts';
import type { QueryOf } from './rx-types.ts';
import { whenClosed } from './when-closed.ts';

/** A stretch of a query's results. */
export interface Page<Doc> {
  /** At most as many as a page has. */
  readonly documents: readonly Doc[];
  readonly hasPrevious: boolean;
  readonly hasNext: boolean;
  /** With `total` only: how many results there are in all. */
  readonly total: number | undefined;
  /** With `total` only: how many results come before the page. */
  readonly start: number | undefined;
}

/** The pages of a query: one of them at a time, which moves when it is told to and follows what is written. */
export interface Pages<Doc> {
  /**
   * The page, now and after every change of it, as long as it is subscribed to. It completes when the collection is closed
   * or removed, and fails when the storage does.
   */
  readonly page$: Observable<Page<Doc>>;
  /** Goes on behind the last document of the page. On the last page it stays. */
  next(): Promise<Page<Doc>>;
  /** Goes back to before the first document of the page. On the first page it stays. */
  previous(): Promise<Page<Doc>>;
  first(): Promise<Page<Doc>>;
  last(): Promise<Page<Doc>>;
  /**
   * The page of this number, 1 being the first; the last one if there are not as many.
   *
   * @throws RangeError when it is no whole number from 1.
   */
  jumpToPage(number: number): Promise<Page<Doc>>;
  /**
   * A page that begins with this row, 0 being the first result; the last page if there are not as many.
   *
   * @throws RangeError when it is no whole number from 0.
   */
  jumpToRow(row: number): Promise<Page<Doc>>;
}

export interface PaginateOptions {
  /** Documents on a page, from 1. */
  readonly pageSize: number;
  /** Whether pages say how many results there are, and come before. It costs two counts for each page. Default: false. */
  readonly total?: boolean;
  /** While much is written a subscribed page is read anew at most once in so many milliseconds. Default: 100. */
  readonly everyMs?: number;
  readonly scheduler?: Scheduler;
}

/**
 * Reads the results of a query page by page, by key: a page begins behind the document that the one before ended with, so
 * nothing is skipped, and none is shown twice or left out because others come and go. With an index that has the order,
 * upwards or downwards, each page costs the same; `monitorQueries` says which index that would be, if there is none.
 * Documents that are alike in the fields sorted by come in the order of their primary key, in the direction of the last of
 * those fields.
 *
 * The storage must read by RxDB's query plans, as memory and Dexie do.
 *
 * @throws TypeError when it is no find, has a limit or a skip, or is sorted by what has no order; RangeError when pageSize is
 * no whole number from 1. Every method rejects with an Error when the collection is closed.
 * @example const pages = paginate(db.notes.find({ sort: [{ updatedAt: 'desc' }] }), { pageSize: 50 });
 * pages.page$.subscribe(({ documents, hasNext }) => show(documents, hasNext));
 * next.onclick = () => pages.next();
 */
export function paginate<D, Methods>(
  query: RxQuery<D, RxDocument<D, Methods>[], Methods>,
  { pageSize, total: isCounting = false, everyMs = 100, scheduler = systemScheduler }: PaginateOptions,
): Pages<RxDocument<D, Methods>> {
  type Doc = RxDocument<D, Methods>;
  const { collection } = query;
  const anyQuery = query as unknown as QueryOf<unknown>;
  requirePageable(anyQuery);
  requireWhole('pageSize', pageSize, 1);
  const order = orderOf(anyQuery);
  const reader = createPageReader(anyQuery, order);
  const subscribers = new Set<Subscriber<Page<Doc>>>();
  let place: Place = START;
  let current: Shown<Doc> | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  let stopFollowing = () => {};

  /** One after the other: each step begins where the one before it ended. */
  function enqueue(step: () => Promise<Page<Doc>>): Promise<Page<Doc>> {
    const done = queue.then(() => {
      requireOpen(collection);
      return step();
    });
    queue = done.catch(() => {});
    return done;
  }

  function goTo(find: () => Promise<Place>): Promise<Page<Doc>> {
    return enqueue(async () => {
      place = await find();
      return load();
    });
  }

  async function load(): Promise<Page<Doc>> {
    const startMs = performance.now();
    let rows = await readFrom(place);
    if (rows.length === 0 && place.key !== undefined) {
      // All that was here is gone: what was before it is the last page now.
      place = await lastPlace();
      rows = await readFrom(place);
    }
    const shown = await toPage(rows);
    const observers = observersByDatabase.get(collection.database);
    const ms = performance.now() - startMs;
    for (const observer of observers ?? []) observer.onPage(anyQuery, ms, shown.page.documents.length, reader.plan);
    // What comes before it from now on belongs to the first page.
    if (!shown.page.hasPrevious) place = START;
    if (current === undefined || !isSame(current.page, shown.page)) {
      current = shown;
      for (const subscriber of subscribers) subscriber.next(shown.page);
    }
    return current.page;
  }

  const readFrom = ({ key, isIncluded }: Place) => reader.after(key, pageSize + 1, isIncluded);

  async function toPage(rows: readonly StoredFields[]): Promise<Shown<Doc>> {
    const inPage = rows.slice(0, pageSize);
    const [first, last] = [inPage[0], inPage.at(-1)].map((row) => row && keyOf(order, row));
    const isStart = place.key === undefined || first === undefined;
    const [hasPrevious, total, start] = await Promise.all([
      isStart ? false : reader.hasBefore(first),
      isCounting ? reader.count() : undefined,
      isCounting ? (isStart ? 0 : reader.countBefore(first)) : undefined,
    ]);
    const documents = mapDocumentsDataToCacheDocs(collection._docCache, inPage as never) as unknown as readonly Doc[];
    return { first, last, page: { documents, hasPrevious, hasNext: rows.length > pageSize, total, start } };
  }

  /** A page that would not be full at the beginning is the first one. */
  function placeOf(rows: readonly StoredFields[]): Place {
    const [first] = rows;
    return first === undefined || rows.length < pageSize ? START : { key: keyOf(order, first), isIncluded: true };
  }

  async function requireCurrent(): Promise<Shown<Doc>> {
    if (current === undefined) await load();
    if (current === undefined) throw new Error('paginate: no page was read');
    return current;
  }

  const lastPlace = async () => placeOf(await reader.before(undefined, pageSize));

  function jumpToRow(row: number): Promise<Page<Doc>> {
    return goTo(async () => {
      const [first] = row === 0 ? [] : await reader.at(row, 1);
      if (first !== undefined) return { key: keyOf(order, first), isIncluded: true };
      return row === 0 ? START : lastPlace();
    });
  }

  function follow(): () => void {
    let cancelWait = () => {};
    let isStale = false;
    let isBusy = false;

    /** One reading at a time, and a pause after each has begun: what is written meanwhile waits for the next. */
    async function refresh(): Promise<void> {
      isStale = false;
      isBusy = true;
      const pause = new Promise<void>((resolve) => {
        cancelWait = scheduler.after(everyMs, resolve);
      });
      await enqueue(load).catch((error) => {
        if (!collection.closed) for (const subscriber of subscribers) subscriber.error(error);
      });
      await pause;
      isBusy = false;
      if (isStale) void refresh();
    }

    const changes = collection.eventBulks$.subscribe(({ events }) => {
      const concerns = (data: unknown) => data !== undefined && query.doesDocumentDataMatch(data);
      if (!events.some((event) => concerns(event.documentData) || concerns(event.previousDocumentData))) return;
      isStale = true;
      if (!isBusy) void refresh();
    });
    const forget = whenClosed(collection, () => {
      for (const subscriber of subscribers) subscriber.complete();
    });
    void refresh();
    return () => {
      changes.unsubscribe();
      cancelWait();
      forget();
    };
  }

  return {
    page$: new Observable((subscriber) => {
      if (collection.closed) return subscriber.complete();
      subscribers.add(subscriber);
      if (subscribers.size === 1) {
        stopFollowing = follow();
      } else if (current !== undefined) subscriber.next(current.page);
      return () => {
        subscribers.delete(subscriber);
        if (subscribers.size > 0) return;
        stopFollowing();
        // It holds documents, and from now on nobody would follow them.
        current = undefined;
      };
    }),
    next: () =>
      goTo(async () => {
        const { page, last } = await requireCurrent();
        // Without a watcher it is not known what came behind the last page meanwhile: that is read with it.
        return page.hasNext ? { key: last, isIncluded: false } : place;
      }),
    previous: () =>
      goTo(async () => {
        const { first } = await requireCurrent();
        return first === undefined ? START : placeOf(await reader.before(first, pageSize));
      }),
    first: () => goTo(async () => START),
    last: () => goTo(lastPlace),
    async jumpToPage(number) {
      requireWhole('the number of a page', number, 1);
      return jumpToRow((number - 1) * pageSize);
    },
    async jumpToRow(row) {
      requireWhole('a row', row, 0);
      return jumpToRow(row);
    },
  };
}

/** Where a page begins: at the very beginning, at the document that has the key, or behind it. */
interface Place {
  readonly key: Key | undefined;
  readonly isIncluded: boolean;
}

const START: Place = { key: undefined, isIncluded: true };

interface Shown<Doc> {
  readonly page: Page<Doc>;
  readonly first: Key | undefined;
  readonly last: Key | undefined;
}

/** RxDB has one object for each state of a document. */
function isSame<Doc>(a: Page<Doc>, b: Page<Doc>): boolean {
  return (
    a.documents.length === b.documents.length &&
    a.documents.every((document, i) => document === b.documents[i]) &&
    a.hasPrevious === b.hasPrevious &&
    a.hasNext === b.hasNext &&
    a.total === b.total &&
    a.start === b.start
  );
}

function requirePageable({ op, mangoQuery, collection }: QueryOf<unknown>): void {
  const name = collection.name;
  if (op !== 'find') throw new TypeError(`paginate: it takes a query made by ${name}.find(), not by ${op}()`);
  for (const option of ['limit', 'skip'] as const) {
    if (mangoQuery[option]) {
      throw new TypeError(
        `paginate: the query of ${name} has a ${option}; leave it out, pageSize says how many to read`,
      );
    }
  }
}

function requireWhole(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new RangeError(`paginate: ${name} must be a whole number from ${least}, not ${value}`);
}

function requireOpen({ closed, name }: { readonly closed: boolean; readonly name: string }): void {
  if (closed) throw new Error(`paginate: the collection ${name} is closed; paginate a query of one that is open`);
}
