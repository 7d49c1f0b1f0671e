import { createManualScheduler } from '@breakwater/testing';
import { RxQueryBase } from 'rxdb';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type MonitorOptions, monitorQueries, type QueryReport } from '../src/queries/monitor-queries.ts';
import { paginate } from '../src/queries/paginate.ts';
import { warnOfScans } from '../src/queries/warn-of-scans.ts';
import { makePorts, openPorts, type PortsDatabase } from './ports.ts';

let database: PortsDatabase;

beforeEach(async () => {
  database = await openPorts(['berths']);
  await database.ports.bulkInsert(makePorts(50));
});

afterEach(() => database.close());

/** Watches until `end`; time for reports passes by `next`. */
function watch(options: MonitorOptions = {}) {
  const scheduler = createManualScheduler();
  const emissions: (readonly QueryReport[])[] = [];
  let isComplete = false;
  const reports$ = monitorQueries(database, { scheduler, ...options });
  const subscription = reports$.subscribe({
    next: (reports) => emissions.push(reports),
    complete: () => {
      isComplete = true;
    },
  });
  return {
    emissions,
    scheduler,
    get isComplete() {
      return isComplete;
    },
    next(): readonly QueryReport[] {
      scheduler.advance(250);
      return emissions.at(-1) ?? [];
    },
    end: () => subscription.unsubscribe(),
  };
}

it('[QM1] reports each shape once: what it reads, how often and how long it took, what it returned', async () => {
  const monitor = watch();
  for (const country of ['NO', 'FR', 'JP']) await database.ports.find({ selector: { country } }).exec();
  await database.ports.find({ selector: { berths: { $lt: 10 } } }).exec();
  const reports = monitor.next();
  monitor.end();
  expect(reports).toHaveLength(2);
  const [scan] = reports.filter(({ reads }) => reads === 'scan');
  expect(scan).toMatchObject({
    collection: 'ports',
    shape: 'ports where country = ?',
    selector: { country: { $eq: '?' } },
    documents: 10,
    count: 3,
    advice: { index: ['country'] },
  });
  const durations = [scan?.p50Ms, scan?.p95Ms, scan?.maxMs].map(Number);
  expect(durations).toEqual([...durations].sort((a, b) => a - b));
  expect(durations[0]).toBeGreaterThan(0);
});

it('[QM2] counts and lookups by id are in it', async () => {
  const monitor = watch();
  expect(await database.ports.count({ selector: { berths: { $lt: 10 } } }).exec()).toBe(5);
  await database.ports.findOne('port-000007').exec();
  await database.ports.findByIds(['port-000008', 'nobody']).exec();
  const byShape = Object.fromEntries(monitor.next().map((report) => [report.shape, report]));
  monitor.end();
  expect(byShape['count of ports where berths < ?']).toMatchObject({ documents: 5, reads: 'index', count: 1 });
  expect(byShape['ports by id']).toMatchObject({ reads: 'id', count: 2, documents: 1, index: [] });
});

it('[QM11] pages are in it, with the index that they read, upwards or downwards, or the one that they lack', async () => {
  const monitor = watch();
  await paginate(database.ports.find({ sort: [{ berths: 'desc' }] }), { pageSize: 5 }).first();
  await paginate(database.ports.find({ sort: [{ name: 'desc' }] }), { pageSize: 5 }).first();
  const byShape = Object.fromEntries(monitor.next().map((report) => [report.shape, report]));
  monitor.end();
  expect(byShape['page of ports, sorted by berths desc, limited']).toMatchObject({
    kind: 'page',
    reads: 'index',
    index: ['berths'],
    count: 1,
    documents: 5,
    advice: undefined,
  });
  expect(byShape['page of ports, sorted by name desc, limited']).toMatchObject({
    reads: 'scan',
    advice: { index: ['name'] },
  });
});

it('[QM3] what a live query does in memory is counted apart', async () => {
  const monitor = watch();
  const results: number[] = [];
  const query = database.ports.find({ selector: { berths: { $lt: 10 } } });
  const subscription = query.$.subscribe((ports) => results.push(ports.length));
  await vi.waitUntil(() => results.length === 1);
  await database.ports.insert({ id: 'new', name: 'New', country: 'NO', berths: 1, isOpen: true });
  await vi.waitUntil(() => results.length === 2);
  const [report] = monitor.next();
  subscription.unsubscribe();
  monitor.end();
  expect(report).toMatchObject({ count: 1, documents: 6, inMemory: { count: 1 } });
  expect(report?.inMemory.maxMs).toBeGreaterThan(0);
});

it('[QM4] shows values only when it is asked to', async () => {
  const monitor = watch({ showValues: true });
  await database.ports.find({ selector: { country: 'NO' } }).exec();
  expect(monitor.next()[0]?.selector).toEqual({ country: 'NO' });
  monitor.end();
});

it('[QM5] counts the runs that are slow', async () => {
  const all = watch({ slowMs: 0 });
  const none = watch({ slowMs: 60_000 });
  await database.ports.find({ selector: { country: 'NO' } }).exec();
  expect(all.next()[0]?.slow).toBe(1);
  expect(none.next()[0]?.slow).toBe(0);
  all.end();
  none.end();
});

it('[QM5] what a storage does before it answers with a promise is counted, too', async () => {
  const { storageInstance } = database.ports;
  const read = storageInstance.query.bind(storageInstance);
  vi.spyOn(storageInstance, 'query').mockImplementation((prepared) => {
    const until = performance.now() + 5;
    while (performance.now() < until);
    return read(prepared);
  });
  const monitor = watch({ slowMs: 5 });
  await database.ports.find({ selector: { country: 'NO' } }).exec();
  expect(monitor.next()[0]?.slow).toBe(1);
  monitor.end();
});

it('[QM6] leaves RxDB as it was when nobody watches any more, whoever ends first', async () => {
  const { _execOverDatabase: execute, _setResultData: setResult } = RxQueryBase.prototype;
  const other = await openPorts();
  const [first, second] = [watch(), watch()];
  const ofOther = monitorQueries(other).subscribe();
  expect(RxQueryBase.prototype._execOverDatabase).not.toBe(execute);
  first.end();
  await database.ports.find({ selector: { country: 'NO' } }).exec();
  expect(second.next()).toHaveLength(1);
  expect(first.scheduler.waiting).toBe(0);
  second.end();
  expect(second.scheduler.waiting).toBe(0);
  ofOther.unsubscribe();
  expect(RxQueryBase.prototype._execOverDatabase).toBe(execute);
  expect(RxQueryBase.prototype._setResultData).toBe(setResult);
  expect(database.onClose).toHaveLength(0);
  await other.close();
});

it('[QM7] is told of its own database only, and completes when that is closed', async () => {
  const other = await openPorts();
  const monitor = watch();
  await other.ports.find({ selector: { country: 'NO' } }).exec();
  expect(monitor.next()).toEqual([]);
  await other.close();
  await database.close();
  expect(monitor.isComplete).toBe(true);
  const late = watch();
  expect(late.isComplete).toBe(true);
});

it('[QM8] a query that fails fails for the app alone; a collection that is deleted stops nothing', async () => {
  const monitor = watch();
  const wrong = { name: { $nope: 1 } } as object;
  await expect(database.ports.find({ selector: wrong }).exec()).rejects.toThrow('$nope');
  await database.ports.findOne('port-000001').exec();
  await database.ports.remove();
  expect(monitor.next().map(({ shape }) => shape)).toEqual(['ports by id']);
  monitor.end();
});

it('[QM9] remembers the last 500 shapes', async () => {
  const monitor = watch();
  for (let i = 0; i < 501; i++) await database.ports.find({ selector: { [`field${i}`]: 1 } as object }).exec();
  const shapes = monitor.next().map(({ shape }) => shape);
  monitor.end();
  expect(shapes).toHaveLength(500);
  expect(shapes).not.toContain('ports where field0 = ?');
});

it('[QM10] options that make no sense are refused by name', () => {
  expect(() => monitorQueries(database, { slowMs: -1 })).toThrow(
    'slowMs must be a number of milliseconds from 0, not -1',
  );
  expect(() => monitorQueries(database, { everyMs: Number.NaN })).toThrow('everyMs');
});

it('[QE5] a full scan of more than 1,000 documents warns once for each shape', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const end = warnOfScans(database);
  await database.ports.find({ selector: { country: 'NO' } }).exec();
  await database.ports.bulkInsert(makePorts(1_001).slice(50));
  for (const country of ['NO', 'FR', 'JP']) await database.ports.find({ selector: { country } }).exec();
  await database.ports.find({ selector: { berths: 4 } }).exec();
  await vi.waitUntil(() => warn.mock.calls.length > 0);
  const [text] = warn.mock.calls[0] ?? [];
  expect(text).toContain("read all 1,001 documents of 'ports'");
  expect(text).toContain("add the index ['country'] to ports");
  await database.ports.find({ selector: { isOpen: true } }).exec();
  await vi.waitUntil(() => warn.mock.calls.length > 1);
  end();
  expect(warn).toHaveBeenCalledTimes(2);
  warn.mockRestore();
});
