import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { afterEach, describe, expect, it, test, vi } from 'vitest';
import { createPageReader } from '../src/queries/create-page-reader.ts';
import { orderOf } from '../src/queries/page-order.ts';
import { paginate } from '../src/queries/paginate.ts';
import type { QueryOf } from '../src/queries/rx-types.ts';
import { makePorts, openPorts, type Port, type PortsDatabase } from './ports.ts';

const COUNT = 4_000;

let open: PortsDatabase | undefined;

afterEach(async () => {
  await open?.close();
});

async function openWith(index: readonly string[], change: (port: Port, i: number) => Partial<Port>) {
  open = await openPorts([index], getRxStorageMemory());
  await open.ports.bulkInsert(makePorts(COUNT).map((port, i) => ({ ...port, ...change(port, i) })));
  return open.ports;
}

interface Distribution {
  readonly name: string;
  readonly change: (port: Port, i: number) => Partial<Port>;
  /** How often the index may be counted to find a row. */
  readonly most: number;
}

/** Names in which all the searching has something to stumble over. */
const DISTRIBUTIONS: readonly Distribution[] = [
  { name: 'texts that are all different', change: (_port, i) => ({ name: `${(i * 7919) % COUNT}` }), most: 80 },
  { name: 'texts that begin alike', change: (_port, i) => ({ name: `harbour of the sea, pier ${i}` }), most: 80 },
  { name: 'one text for nearly all', change: (_port, i) => ({ name: i % 1000 === 0 ? `P ${i}` : 'P' }), most: 80 },
  { name: 'three texts', change: (_port, i) => ({ name: ['', 'm', '港'][i % 3] ?? '' }), most: 80 },
  { name: 'far apart', change: (_port, i) => ({ name: i % 2 === 0 ? `a${i}` : `\u{1F6A2}${i}` }), most: 80 },
  { name: 'each the beginning of the next', change: (_port, i) => ({ name: 'x'.repeat(i % 60) }), most: 400 },
];

describe('[PA3] any row is found by counting in the index, few times, upwards and downwards', () => {
  for (const direction of ['asc', 'desc'] as const) {
    test.each(DISTRIBUTIONS)(`${direction}: $name`, { timeout: 60_000 }, async ({ change, most }) => {
      const ports = await openWith(['name', 'berths'], change);
      const sort = [{ name: direction }, { berths: direction }];
      const query = ports.find({ sort } as never) as unknown as QueryOf<unknown>;
      const reader = createPageReader(query, orderOf(query));
      expect(reader.isByIndex).toBe(true);
      const all = await reader.after(undefined, COUNT);
      expect(all).toHaveLength(COUNT);
      const count = vi.spyOn(ports.storageInstance, 'count');
      for (const row of [0, 149, 151, 1_000, 2_345, 3_999]) {
        count.mockClear();
        expect(await reader.at(row, 5)).toEqual(all.slice(row, row + 5));
        expect(count.mock.calls.length).toBeLessThan(most);
      }
      expect(await reader.before(undefined, 7)).toEqual(all.slice(-7));
      const key = orderOf(query).fields.map(({ name }) => all[2_000]?.[name]);
      expect(await reader.before(key, 7)).toEqual(all.slice(1_993, 2_000));
      expect(await reader.after(key, 7, true)).toEqual(all.slice(2_000, 2_007));
      expect(await reader.countBefore(key)).toBe(2_000);
    });
  }

  it('of numbers and booleans, within what the query asks for', async () => {
    const ports = await openWith(['isOpen', 'berths'], (_port, i) => ({ berths: (i * i) % 10_000 }));
    for (const selector of [{ isOpen: true }, { isOpen: { $gte: false } }, { isOpen: false, berths: { $gt: 900 } }]) {
      const query = ports.find({ selector, sort: [{ isOpen: 'asc' }, { berths: 'asc' }] });
      const reader = createPageReader(query as never, orderOf(query as never));
      expect(reader.isByIndex).toBe(true);
      const all = await reader.after(undefined, COUNT);
      for (const row of [0, 200, 700, all.length - 1]) expect(await reader.at(row, 3)).toEqual(all.slice(row, row + 3));
    }
  });
});

it('[PA4] a page reads its documents and no others: nothing is skipped, wherever it is', async () => {
  const ports = await openWith(['name'], () => ({}));
  const query = vi.spyOn(ports.storageInstance, 'query');
  const pages = paginate(ports.find({ sort: [{ name: 'asc' }] }), { pageSize: 10 });
  await pages.jumpToPage(300);
  query.mockClear();
  await pages.next();
  const asked = query.mock.calls.map(([{ query }]) => [query.skip, query.limit]);
  expect(asked).toEqual([
    [0, 11],
    [0, 1],
  ]);
});
