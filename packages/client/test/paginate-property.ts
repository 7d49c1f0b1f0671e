import fc from 'fast-check';
import type { RxStorage } from 'rxdb';
import { describe, expect, it } from 'vitest';
import { type Page, paginate } from '../src/queries/paginate.ts';
import { openPorts, type PortsDatabase } from './ports.ts';

type Fields = { readonly [field: string]: unknown };
type Sort = readonly (readonly [field: string, direction: 'asc' | 'desc'])[];

interface Case {
  readonly ports: readonly Fields[];
  readonly sort: Sort;
  readonly selector: object;
  readonly indexes: readonly (readonly string[])[];
  readonly pageSize: number;
  /** What another client writes between two pages: a row of its own to insert, change or delete. */
  readonly writes: readonly { readonly row: number; readonly berths: number; readonly isDelete: boolean }[];
}

const ALWAYS_THERE = ['name', 'country', 'berths', 'isOpen', 'id'];
const word = fc.oneof(
  fc.constantFrom('', 'a', 'b', 'ba', 'bb', 'Zwin', 'é', '港', 'note-1', 'note-10', 'note-2', '🚢', '🚤'),
  fc.string({ minLength: 1, maxLength: 8, unit: fc.constantFrom(...'abcxyz019-') }),
);
const port = fc.record(
  {
    name: word,
    country: fc.constantFrom('NO', 'FR', 'JP'),
    berths: fc.oneof(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 10_000 })),
    isOpen: fc.boolean(),
    depth: fc.double({ min: -50, max: 50, noNaN: true }),
    note: word,
  },
  { requiredKeys: ['name', 'country', 'berths', 'isOpen'] },
);
const sorts = fc
  .uniqueArray(fc.constantFrom(...ALWAYS_THERE, 'depth', 'note'), { minLength: 1, maxLength: 3 })
  .chain((fields) =>
    // One direction for all is what an index can serve.
    fc.oneof(
      fc.constant(fields.map((field) => [field, 'asc'] as const)),
      fc.constant(fields.map((field) => [field, 'desc'] as const)),
      fc.tuple(
        ...fields.map((field) => fc.tuple(fc.constant(field), fc.constantFrom('asc' as const, 'desc' as const))),
      ),
    ),
  );
const selectors = fc.constantFrom<object>(
  {},
  {},
  { country: 'NO' },
  { berths: { $gte: 3 } },
  { berths: { $gt: 1, $lte: 5 } },
  { isOpen: true },
  { country: 'FR', berths: { $lt: 50 } },
  { name: { $gte: 'b', $lt: 'c' } },
  { note: { $exists: true } },
  { $or: [{ country: 'JP' }, { berths: 2 }] },
);

const cases: fc.Arbitrary<Case> = fc
  .record({
    ports: fc.array(port, { maxLength: 60 }),
    sort: sorts,
    selector: selectors,
    pageSize: fc.integer({ min: 1, max: 12 }),
    isIndexed: fc.boolean(),
    others: fc.subarray([['country'], ['berths'], ['isOpen', 'name'], ['name']]),
    writes: fc.array(fc.record({ row: fc.nat(5), berths: fc.nat(100), isDelete: fc.boolean() }), { maxLength: 12 }),
  })
  .map(({ isIndexed, others, sort, selector, ports, ...rest }) => ({
    ...rest,
    sort,
    selector,
    ports: ports.map((fields, i) => ({ id: `port-${(i * 37) % 101}`, ...fields })),
    indexes: isIndexed ? [...others, ...indexFor(sort, selector)] : others,
  }));

/** The index that serves the query, if its fields can be in one. */
function indexFor(sort: Sort, selector: object): string[][] {
  const given = Object.entries(selector)
    .filter(([name, value]) => ALWAYS_THERE.includes(name) && typeof value !== 'object')
    .map(([name]) => name);
  const index = [...given, ...sort.map(([name]) => name).filter((name) => !given.includes(name))];
  const isIndexable = index.every((name) => ALWAYS_THERE.includes(name)) && index[0] !== 'id';
  return isIndexable ? [index] : [];
}

/** The rules of pages, on random data, sorts and page sizes. The seed is fixed; a failure prints what it was. */
export function describePages(title: string, storage: () => RxStorage<unknown, unknown>, numRuns: number): void {
  describe(`pages on ${title}`, () => {
    it('[PA1] put one behind the other they are the sorted result, forwards and backwards, from any row on', {
      timeout: 120_000,
    }, async () => {
      await check(numRuns, async (database, { sort, selector, pageSize }) => {
        const expected = await sortedIds(database, selector, sort);
        const pages = paginate(findPorts(database, selector, sort), { pageSize, total: true });
        const forwards = await walk(pages.first, pages.next, ({ hasNext }) => hasNext);
        expect(forwards.flatMap(idsOf)).toEqual(expected);
        expect(forwards.map(({ start }) => start)).toEqual(forwards.map((_, i) => i * pageSize));
        expect(forwards.every(({ total }) => total === expected.length)).toBe(true);
        const backwards = await walk(pages.last, pages.previous, ({ hasPrevious }) => hasPrevious);
        expect(unique(backwards.toReversed().flatMap(idsOf))).toEqual(expected);
        expect(backwards[0]?.hasNext).toBe(false);
        const rows = [0, 1, Math.floor(expected.length / 2), expected.length - 1];
        for (const row of rows.filter((row) => row >= 0 && row < expected.length)) {
          const page = await pages.jumpToRow(row);
          expect(idsOf(page)).toEqual(expected.slice(row, row + pageSize));
          expect(page.start).toBe(row);
        }
      });
    });

    it('[PA2] while others write, what they do not touch is there once, in its order', {
      timeout: 120_000,
    }, async () => {
      await check(numRuns, async (database, { sort, selector, pageSize, writes }) => {
        const untouched = await sortedIds(database, selector, sort);
        const pending = [...writes];
        const pages = paginate(findPorts(database, selector, sort), { pageSize });
        const next = async () => {
          const write = pending.shift();
          if (write !== undefined) await writeAsAnother(database, write);
          return pages.next();
        };
        const seen = (await walk(pages.first, next, ({ hasNext }) => hasNext || pending.length > 0)).flatMap(idsOf);
        expect(unique(seen.filter((id) => !id.startsWith('other-')))).toEqual(untouched);
        const now = await sortedIds(database, selector, sort);
        expect((await walk(pages.first, pages.next, ({ hasNext }) => hasNext)).flatMap(idsOf)).toEqual(now);
      });
    });

    async function check(runs: number, test: (database: PortsDatabase, given: Case) => Promise<void>): Promise<void> {
      const property = fc.asyncProperty(cases, async (given) => {
        const database = await openPorts(given.indexes, storage());
        try {
          const { error } = await database.ports.bulkInsert(given.ports as never);
          expect(error).toEqual([]);
          await test(database, given);
        } finally {
          await database.close();
        }
      });
      await fc.assert(property, { numRuns: runs, seed: Number(seedGiven() ?? 20_261_124) });
    }
  });
}

/** BREAKWATER_SEED, where there is an environment: in a browser there is none. */
function seedGiven(): string | undefined {
  return typeof process === 'undefined' ? undefined : process.env.BREAKWATER_SEED;
}

function findPorts({ ports }: PortsDatabase, selector: object, sort: Sort) {
  return ports.find({ selector, sort: sort.map(([field, direction]) => ({ [field]: direction })) as never });
}

type PortPage = Page<{ readonly id: string }>;

function idsOf({ documents }: PortPage): string[] {
  return documents.map(({ id }) => id);
}

async function walk(
  start: () => Promise<PortPage>,
  step: () => Promise<PortPage>,
  goesOn: (page: PortPage) => boolean,
): Promise<PortPage[]> {
  const pages = [await start()];
  for (let page = pages[0]; page !== undefined && goesOn(page); ) {
    page = await step();
    pages.push(page);
    if (pages.length > 1_000) throw new Error('the pages have no end');
  }
  return pages;
}

/** The first page, reached backwards, is filled with documents of the one behind it; a walk may stand still at its end. */
function unique(ids: readonly string[]): string[] {
  return [...new Set(ids)];
}

/** All results, put in order by this test's own hand. */
async function sortedIds({ ports }: PortsDatabase, selector: object, sort: Sort): Promise<string[]> {
  const found: Fields[] = (await ports.find({ selector }).exec()).map((document) => document.toJSON() as Fields);
  const lastDirection = sort.at(-1)?.[1] ?? 'asc';
  const order: Sort = sort.some(([field]) => field === 'id') ? sort : [...sort, ['id', lastDirection]];
  return found.sort((a, b) => compareBy(order, a, b)).map(({ id }) => String(id));
}

function compareBy(order: Sort, a: Fields, b: Fields): number {
  for (const [field, direction] of order) {
    const sign = compare(a[field], b[field]);
    if (sign !== 0) return direction === 'asc' ? sign : -sign;
  }
  return 0;
}

function compare(a: unknown, b: unknown): number {
  if (a === b) return 0;
  if (a === undefined) return -1;
  if (b === undefined) return 1;
  return (a as string) < (b as string) ? -1 : 1;
}

async function writeAsAnother({ ports }: PortsDatabase, { row, berths, isDelete }: Case['writes'][number]) {
  const id = `other-${row}`;
  const document = await ports.findOne(id).exec();
  if (isDelete) await document?.remove();
  else if (document) await document.patch({ berths });
  else await ports.insert({ id, name: `b${row}`, country: 'NO', berths, isOpen: row % 2 === 0 });
}
