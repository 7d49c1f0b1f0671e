import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { afterEach, describe, expect, it, test } from 'vitest';
import { createDatabase } from '../src/create-database.ts';
import { explain } from '../src/queries/explain.ts';
import { planCollections } from './note-collections.ts';
import { openPorts, type PortsDatabase } from './ports.ts';

let open: PortsDatabase | undefined;

afterEach(async () => {
  await open?.close();
});

async function ports(indexes: readonly (string | readonly string[])[] = []) {
  open = await openPorts(indexes);
  return open.ports;
}

it('[QE1] explains a query in words, without its values', async () => {
  const collection = await ports(['country']);
  const query = collection.find({
    selector: { country: 'NO', berths: { $gte: 3, $lt: 9 }, $or: [{ name: 'Bergen' }, { tags: { $size: 2 } }] },
    sort: [{ berths: 'desc' }],
    limit: 5,
  });
  expect(explain(query)).toMatchObject({
    collection: 'ports',
    kind: 'find',
    selector: {
      country: { $eq: '?' },
      berths: { $gte: '?', $lt: '?' },
      $or: [{ name: { $eq: '?' } }, { tags: { $size: 2 } }],
    },
    sort: [{ berths: 'desc' }],
    index: ['country'],
    reads: 'range',
    isSelectorByIndex: false,
    isSortByIndex: false,
  });
  expect(explain(query).shape).toBe(
    'ports where (name = ? or tags $size 2) and berths >= ? and berths < ? and country = ?, sorted by berths desc, limited',
  );
  expect(explain(query).text).toContain(
    'reads a part of the index [country], more than it returns and sorts it in memory',
  );
});

describe('[QE2] says what is read', () => {
  test.each<[string, readonly (string | readonly string[])[], object, string, readonly string[]]>([
    ['everything, when everything is asked for', [], {}, 'index', ['id']],
    ['everything, to drop most', [], { selector: { country: 'NO' } }, 'scan', ['id']],
    ['everything, to sort it', [], { sort: [{ name: 'asc' }], limit: 10 }, 'scan', ['id']],
    ['everything in the order of the index', ['name'], { sort: [{ name: 'asc' }], limit: 10 }, 'index', ['name']],
    ['everything, as the order is backwards', ['name'], { sort: [{ name: 'desc' }], limit: 10 }, 'scan', ['name']],
    ['what the index holds', ['country'], { selector: { country: 'NO' } }, 'index', ['country']],
    ['a range to filter', ['country'], { selector: { country: 'NO', isOpen: true } }, 'range', ['country']],
    [
      'a range to sort',
      ['country'],
      { selector: { country: 'NO' }, sort: [{ name: 'asc' }], limit: 3 },
      'range',
      ['country'],
    ],
    [
      'both by one index',
      [['country', 'name']],
      { selector: { country: 'NO' }, sort: [{ name: 'asc' }], limit: 3 },
      'index',
      ['country', 'name'],
    ],
    ['what is skipped, too', ['name'], { sort: [{ name: 'asc' }], skip: 50, limit: 3 }, 'range', ['name']],
  ])('%s', async (_name, indexes, query, reads, index) => {
    const collection = await ports(indexes);
    expect(explain(collection.find(query))).toMatchObject({ reads, index });
  });

  it('of counts and lookups by id', async () => {
    const collection = await ports(['country']);
    expect(explain(collection.findOne('a'))).toMatchObject({ kind: 'by id', reads: 'id', shape: 'ports by id' });
    expect(explain(collection.findByIds(['a', 'b']))).toMatchObject({ kind: 'by id', reads: 'id' });
    const byCountry = explain(collection.count({ selector: { country: 'NO' } }));
    expect(byCountry).toMatchObject({ kind: 'count', reads: 'index', shape: 'count of ports where country = ?' });
    expect(explain(collection.count({ selector: { isOpen: true } }))).toMatchObject({ reads: 'scan' });
  });
});

describe('[QE3] advises the index that serves a query; with it, the planner takes it and reads what was promised', () => {
  test.each<[string, object, readonly string[]]>([
    ['a value', { selector: { country: 'NO' } }, ['country']],
    ['two values', { selector: { country: 'NO', isOpen: true } }, ['country', 'isOpen']],
    ['a range', { selector: { berths: { $gt: 5 } } }, ['berths']],
    ['a value and a range', { selector: { berths: { $gte: 5 }, country: 'NO' } }, ['country', 'berths']],
    ['an order', { sort: [{ name: 'asc' }], limit: 10 }, ['name']],
    ['a value and an order', { selector: { country: 'NO' }, sort: [{ name: 'asc' }], limit: 10 }, ['country', 'name']],
    ['an order of two fields', { sort: [{ country: 'asc' }, { name: 'asc' }], limit: 1 }, ['country', 'name']],
  ])('%s', async (_name, query, index) => {
    const before = explain((await ports()).find(query));
    expect(before).toMatchObject({ reads: 'scan', advice: { index, needs: [] } });
    await open?.close();
    const after = explain((await ports([index])).find(query));
    expect(after).toMatchObject({ reads: 'index', index, isSortByIndex: true });
    expect(after.advice).toBeUndefined();
  });

  it('a range beside another order: the range alone, and it says that it still sorts', async () => {
    const query = { selector: { berths: { $gt: 5 } }, sort: [{ name: 'asc' as const }], limit: 10 };
    const { advice } = explain((await ports()).find(query));
    expect(advice?.text).toContain('a part of the index');
  });

  it('says what the schema must say first', async () => {
    const { advice } = explain((await ports()).find({ selector: { depth: { $gt: 3 } } }));
    expect(advice?.index).toEqual(['depth']);
    expect(advice?.needs).toEqual([expect.stringContaining("add 'depth' to `required`")]);
  });
});

describe('[QE4] says what else helps where no index does', () => {
  test.each<[string, object, string]>([
    ['$or', { selector: { $or: [{ country: 'NO' }, { country: 'FR' }] } }, 'ask one query for each of its parts'],
    ['$regex', { selector: { name: { $regex: '^Ber' } } }, 'a beginning is found by'],
    ['skip', { skip: 100, limit: 10 }, 'paginate(query)'],
    ['backwards', { sort: [{ id: 'desc' }], limit: 10 }, 'no index is read backwards'],
  ])('%s', async (_name, query, text) => {
    const { advice } = explain((await ports()).find(query));
    expect(advice?.index).toBeUndefined();
    expect(advice?.text).toContain(text);
  });

  it('a field that merges inside', async () => {
    const storage = getRxStorageMemory();
    const database = await createDatabase({ name: 'plans', storage, collections: planCollections });
    const { advice } = explain(database.plans.find({ selector: { likes: { $gt: 5 } } }));
    expect(advice).toMatchObject({
      index: undefined,
      text: expect.stringContaining("'likes', which merges as counter"),
    });
    await database.close();
  });

  it('an array cannot be indexed: there is no advice', async () => {
    expect(explain((await ports()).find({ selector: { tags: { $size: 3 } } })).advice).toBeUndefined();
  });
});
