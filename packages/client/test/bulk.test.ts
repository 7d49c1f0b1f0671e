import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { wrappedValidateAjvStorage } from 'rxdb/plugins/validate-ajv';
import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from 'vitest';
import { type BulkProgress, insertMany, removeMany, upsertMany } from '../src/queries/bulk.ts';
import { createChunkSizer } from '../src/queries/chunk-sizer.ts';
import { makePorts, openPorts, type Port, type PortsDatabase } from './ports.ts';

let database: PortsDatabase;

beforeEach(async () => {
  database = await openPorts([], wrappedValidateAjvStorage({ storage: getRxStorageMemory() }));
});

afterEach(() => database.close());

const countAll = () => database.ports.count().exec();

describe('[BK1] rows are written in chunks, and after each one it is told how far it came', () => {
  it('inserted', async () => {
    const progress: BulkProgress[] = [];
    const report = await insertMany(database.ports, makePorts(1_000), { onProgress: (step) => progress.push(step) });
    expect(report).toEqual({ done: 1_000, stored: 1_000, failures: [], isCancelled: false });
    expect(await countAll()).toBe(1_000);
    expect(progress.length).toBeGreaterThan(1);
    expect(progress[0]).toEqual({ done: 50, failed: 0, total: 1_000 });
    expect(progress.at(-1)).toEqual({ done: 1_000, failed: 0, total: 1_000 });
  });

  it('overwritten, where they are there already', async () => {
    await database.ports.bulkInsert(makePorts(10));
    const closed = makePorts(20).map((port) => ({ ...port, isOpen: false }));
    expect(await upsertMany(database.ports, closed)).toMatchObject({ done: 20, stored: 20, failures: [] });
    expect(await database.ports.find({ selector: { isOpen: false } }).exec()).toHaveLength(20);
  });

  it('removed', async () => {
    await database.ports.bulkInsert(makePorts(100));
    const ids = makePorts(90).map(({ id }) => id);
    expect(await removeMany(database.ports, ids)).toMatchObject({ done: 90, stored: 90, failures: [] });
    expect(await countAll()).toBe(10);
  });
});

describe('[BK2] one report says what failed and why; everything else is written', () => {
  it('of inserts', async () => {
    const [first, second, third, fourth] = makePorts(4);
    if (!first || !second || !third || !fourth) throw new Error('there are not enough ports');
    await database.ports.insert(second);
    const wrong = { ...third, berths: -3 };
    const report = await insertMany(database.ports, [first, second, wrong, fourth]);
    expect(report).toEqual({
      done: 4,
      stored: 2,
      failures: [
        { row: second, code: 'exists', reason: 'there is a document with this id already' },
        { row: wrong, code: 'invalid', reason: 'berths must be >= 0' },
      ],
      isCancelled: false,
    });
  });

  it('of an id that comes twice in one chunk, which RxDB takes none of', async () => {
    const ports = makePorts(3);
    const again = { ...makePorts(1)[0], name: 'again' } as Port;
    const report = await insertMany(database.ports, [...ports, again]);
    expect(report).toMatchObject({ done: 4, stored: 3, failures: [{ row: again, code: 'exists' }] });
    expect((await database.ports.findOne('port-000000').exec(true)).name).toBe('Port 0');
  });

  it('of what cannot be written at all', async () => {
    const [good] = makePorts(1);
    const nameless = { country: 'NO' } as Port;
    const report = await upsertMany(database.ports, [good as Port, nameless]);
    expect(report).toMatchObject({ done: 2, stored: 1, failures: [{ row: nameless, code: 'invalid' }] });
    expect(report.failures[0]?.reason).not.toBe('');
  });

  it('of removals', async () => {
    await database.ports.bulkInsert(makePorts(1));
    expect(await removeMany(database.ports, ['port-000000', 'nobody'])).toMatchObject({
      done: 2,
      stored: 1,
      failures: [{ row: 'nobody', code: 'missing', reason: 'there is no document with this id' }],
    });
  });
});

it('[BK3] cancelled, it ends after the chunk under way and says how far it came', async () => {
  const controller = new AbortController();
  const report = await insertMany(database.ports, makePorts(1_000), {
    signal: controller.signal,
    onProgress: () => controller.abort(),
  });
  expect(report).toEqual({ done: 50, stored: 50, failures: [], isCancelled: true });
  expect(await countAll()).toBe(50);
  const notBegun = await insertMany(database.ports, makePorts(60), { signal: controller.signal });
  expect(notBegun).toEqual({ done: 0, stored: 0, failures: [], isCancelled: true });
});

describe('[BK4] the page gets its turn', () => {
  it('after each chunk', async () => {
    let turns = 0;
    let isWriting = true;
    const turn = () => {
      turns++;
      if (isWriting) setTimeout(turn);
    };
    setTimeout(turn);
    let chunks = 0;
    await insertMany(database.ports, makePorts(400), {
      onProgress: () => {
        chunks++;
      },
    });
    isWriting = false;
    expect(turns).toBeGreaterThanOrEqual(chunks);
  });

  /** The size that is arrived at, when a chunk costs so many milliseconds, and each of its rows. */
  function settle(targetMs: number, fixedMs: number, rowMs: number): number {
    const sizer = createChunkSizer(targetMs);
    for (let i = 0; i < 30; i++) sizer.add(sizer.size, fixedMs + sizer.size * rowMs);
    return sizer.size;
  }

  it('and chunks are as large as the time that they should take', () => {
    expect(settle(20, 0, 0.1)).toBe(200);
    expect(settle(20, 10, 0.1)).toBe(100);
    expect(settle(20, 0, 40)).toBe(1);
    expect(settle(20, 0, 0.001)).toBe(1_000);
  });

  it('but do not shrink for the sake of what each write costs, however few its rows', () => {
    expect(settle(20, 30, 0.1)).toBe(300);
  });

  it('and at most double from one to the next', () => {
    const sizer = createChunkSizer(20);
    expect(sizer.size).toBe(50);
    sizer.add(50, 0.01);
    expect(sizer.size).toBe(100);
    sizer.add(100, 4_000);
    expect(sizer.size).toBe(50);
  });
});

it('[BK5] rows may come one after the other; where they come from is told when it ends early', async () => {
  let isClosed = false;
  async function* ports() {
    try {
      for (const port of makePorts(200)) yield port;
    } finally {
      isClosed = true;
    }
  }
  const controller = new AbortController();
  const onProgress = vi.fn(() => controller.abort());
  const report = await insertMany(database.ports, ports(), { signal: controller.signal, onProgress });
  expect(report).toMatchObject({ done: 50, isCancelled: true });
  expect(onProgress).toHaveBeenCalledWith({ done: 50, failed: 0, total: undefined });
  expect(isClosed).toBe(true);
  expect(await upsertMany(database.ports, ports())).toMatchObject({ done: 200, stored: 200 });
});

it('[BK6] a collection that is closed, rows that fail and options that make no sense end it with an error', async () => {
  await expect(insertMany(database.ports, [], { chunkMs: 0 })).rejects.toThrow('chunkMs must be a positive number');
  async function* torn() {
    yield makePorts(1)[0] as Port;
    throw new Error('the file is torn');
  }
  await expect(insertMany(database.ports, torn())).rejects.toThrow('the file is torn');
  const { ports } = database;
  const onProgress = () => void ports.close();
  await expect(insertMany(ports, makePorts(100), { onProgress })).rejects.toThrow(
    'the collection ports was closed after 50 rows; those are stored',
  );
});

it('[BK7] rows have the type of the collection', async () => {
  const { failures } = await insertMany(database.ports, makePorts(1));
  expectTypeOf(failures[0]?.row.berths).toEqualTypeOf<number | undefined>();
  // @ts-expect-error: a port has a country
  const wrong = insertMany(database.ports, [{ id: 'a', name: 'a', berths: 1, isOpen: true }]);
  expect(await wrong).toMatchObject({ failures: [{ code: 'invalid' }] });
});
