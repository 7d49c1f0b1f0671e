import { createDatabase, defineCollections, insertMany, monitorQueries, paginate } from '@breakwater/client';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { median } from './measure.ts';
import { makeNotes, notesDefinition } from './notes.ts';
import { toTable } from './table.ts';

const PAGE_SIZE = 50;

/** Each page is read so many times; the first readings warm up. */
const READINGS = 25;
const WARM_UP = 5;

/** Queries of one series; on and off take turns, so that both meet the same machine. */
const SERIES = 500;
const SERIES_OF_EACH = 60;

export interface PageCost {
  readonly name: string;
  /** Milliseconds for page 1 and page 500. */
  readonly first: number;
  readonly far: number;
}

export interface MonitorCost {
  readonly name: string;
  /** Microseconds of the processor for one query. */
  readonly off: number;
  readonly on: number;
}

export interface QueryCosts {
  readonly rows: number;
  readonly pages: readonly PageCost[];
  readonly monitor: readonly MonitorCost[];
}

const FAR_PAGE = 500;

/** What a page costs near and far, and what it costs to be watched. */
export async function measureQueries(rows: number): Promise<QueryCosts> {
  const database = await openDatabase();
  const { notes } = database;
  await insertMany(notes, makeNotes(rows), { chunkMs: 200 });
  const costs = { rows, pages: await measurePages(notes), monitor: await measureMonitor(database, rows) };
  await database.close();
  return costs;
}

export function toReport({ rows, pages, monitor }: QueryCosts): string {
  const pageLines = pages.map(({ name, first, far }) => [
    name,
    `${round(first)} ms`,
    `${round(far)} ms`,
    ratio(first, far),
  ]);
  const monitorLines = monitor.map(({ name, off, on }) => [
    name,
    `${round(off)} µs`,
    `${round(on)} µs`,
    ratio(off, on),
  ]);
  return `
${toTable([`${PAGE_SIZE} of ${rows.toLocaleString('en')} rows`, 'page 1', `page ${FAR_PAGE}`, 'ratio'], pageLines)}

Medians of ${READINGS - WARM_UP} readings, on the memory storage, sorted by an indexed field. next: from the page before.

${toTable(['one query', 'unwatched', 'watched', 'ratio'], monitorLines)}

Processor time, medians of ${SERIES_OF_EACH} series of ${SERIES}, on the memory storage: a monitor adds the same to every query, and these
are the quickest.
`;
}

function round(value: number): string {
  return value >= 10 ? value.toFixed(1) : value.toPrecision(2);
}

function ratio(before: number, after: number): string {
  return `${(after / before).toFixed(2)} ×`;
}

function openDatabase() {
  return createDatabase({
    name: `bench-${crypto.randomUUID()}`,
    storage: getRxStorageMemory(),
    collections: defineCollections({ notes: notesDefinition }),
    multiInstance: false,
  });
}

type Database = Awaited<ReturnType<typeof openDatabase>>;

async function measurePages(notes: Database['notes']): Promise<PageCost[]> {
  const costs: PageCost[] = [];
  for (const direction of ['asc', 'desc'] as const) {
    const sort = [{ updatedAt: direction }];
    const readPage = async (number: number) => {
      const pages = paginate(notes.find({ sort }), { pageSize: PAGE_SIZE });
      // The step to the page is what is measured, not the way to the one before it.
      if (number > 1) await pages.jumpToPage(number - 1);
      return timed(number > 1 ? pages.next : pages.first);
    };
    const skipPage = (number: number) =>
      timed(() => notes.find({ sort, skip: (number - 1) * PAGE_SIZE, limit: PAGE_SIZE }).exec());
    const jump = (number: number) =>
      timed(() => paginate(notes.find({ sort }), { pageSize: PAGE_SIZE }).jumpToPage(number));
    costs.push({ name: `paginate, ${direction}: next`, ...(await nearAndFar(notes, readPage)) });
    costs.push({ name: `paginate, ${direction}: jump`, ...(await nearAndFar(notes, jump)) });
    costs.push({ name: `skip and limit, ${direction}`, ...(await nearAndFar(notes, skipPage)) });
  }
  return costs;
}

async function nearAndFar(notes: Database['notes'], read: (page: number) => Promise<number>) {
  const [near, far]: [number[], number[]] = [[], []];
  for (let reading = 0; reading < READINGS; reading++) {
    // RxDB would answer from its cache what it was asked before.
    notes._queryCache._map.clear();
    near.push(await read(1));
    notes._queryCache._map.clear();
    far.push(await read(FAR_PAGE));
  }
  return { first: median(near.slice(WARM_UP)), far: median(far.slice(WARM_UP)) };
}

async function measureMonitor(database: Database, rows: number): Promise<MonitorCost[]> {
  const { notes } = database;
  const queries: readonly (readonly [string, (i: number) => Promise<unknown>])[] = [
    ['find of 20 by index', (i) => notes.find({ selector: { updatedAt: { $gte: 1.7e12 + i } }, limit: 20 }).exec()],
    ['count by index', (i) => notes.count({ selector: { updatedAt: { $gte: 1.7e12 + i } } }).exec()],
    ['lookup by id', (i) => notes.findOne(`note-${String(i).padStart(6, '0')}`).exec()],
  ];
  const costs: MonitorCost[] = [];
  for (const [name, query] of queries) {
    const [off, on]: [number[], number[]] = [[], []];
    let next = 0;
    const series = async () => {
      // What begins with the series, and what the engine makes of it, is no cost of a query.
      for (let i = 0; i < SERIES; i++) await query(next++ % rows);
      // The processor's time, not the clock's: a few percent would be lost in what else the machine does.
      const start = process.cpuUsage();
      for (let i = 0; i < SERIES; i++) await query(next++ % rows);
      const { user, system } = process.cpuUsage(start);
      return (user + system) / SERIES;
    };
    for (let n = 0; n < SERIES_OF_EACH; n++) {
      off.push(await series());
      const watching = monitorQueries(database).subscribe();
      on.push(await series());
      watching.unsubscribe();
    }
    costs.push({ name, off: median(off.slice(WARM_UP)), on: median(on.slice(WARM_UP)) });
  }
  return costs;
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}
