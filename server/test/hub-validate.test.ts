import { assembleFields, decodeState } from '@breakwater/crdt';
import type { Row, RowResult } from '@breakwater/protocol';
import { describe, expect, test } from 'vitest';
import { createHubWorld, type HubWorld, notes, resultsOf, rowOf } from './hub-world.ts';
import { noteDefinitions } from './note-definitions.ts';
import { insert, type noteState, remove, revive, update, withContent } from './note-writes.ts';

describe('rows that do not fit', () => {
  test('[HB40] one bad row among 100 is refused by path and rule, the others are stored', async () => {
    const world = createWorld();
    const rows = Array.from({ length: 100 }, (_, i) => insert(`n${i}`, { title: i === 50 ? 'x'.repeat(21) : 'x' }));
    const results = await push(world, ...rows);
    const refused = results.filter(({ kind }) => kind !== 'stored');
    expect(results.indexOf(refused[0] as RowResult)).toBe(50);
    expect(refused).toEqual([invalid('title: must NOT have more than 20 characters')]);
    expect(world.store.head('acme', 'notes')).toBe(99);
  });

  test.each([
    ['another type', { title: 7 }, 'title: must be string'],
    ['a text that is too long', { title: 'x'.repeat(21) }, 'title: must NOT have more than 20 characters'],
    ['none of the values', { status: 'lost' }, 'status: must be equal to one of the allowed values'],
    ['a number that is too low', { rating: -1 }, 'rating: must be >= 0'],
    ['a number that is too high', { rating: 6 }, 'rating: must be <= 5'],
    ['no integer', { rating: 1.5 }, 'rating: must be integer'],
    ['a nested field', { 'address.zip': 'x' }, 'address.zip: must match pattern "^[0-9]+$"'],
    ['a counter of fractions', { 'likes.r': 0.5 }, 'likes: must be integer'],
  ])('[HB40] %s, in a new document and in a change', async (_, registers, reason) => {
    const world = createWorld();
    expect(await push(world, insert('new', registers))).toEqual([invalid(reason)]);
    await push(world, insert('a', { 'address.zip': '1' }));
    expect(await push(world, update('a', registers))).toEqual([invalid(reason)]);
    expect(fieldsOf(world, 'a')).toEqual({ title: 'a note', address: { zip: '1' } });
  });

  test('[HB40] a row that is named twice is checked on top of what was taken of it', async () => {
    const world = createWorld();
    const results = await push(world, insert('a', {}), update('a', { rating: 9 }), update('a', { rating: 4 }));
    expect(results.map(({ kind }) => kind)).toEqual(['stored', 'refused', 'stored']);
    expect(fieldsOf(world, 'a')).toEqual({ title: 'a note', rating: 4 });
  });

  test('[HB40] of collections that the server knows only by name any value is taken', async () => {
    const world = createHubWorld({ collections: ['notes'] });
    expect(await push(world, insert('a', { title: 7, rating: 'high' }))).toEqual([{ kind: 'stored', seq: 1 }]);
  });
});

describe('new documents', () => {
  test('[HB41] what is required must be there; text, lists, sets and counters always are', async () => {
    const world = createWorld();
    const results = await push(world, rowOf('a', { rating: 1 }), rowOf('b', { title: 'x' }));
    expect(results).toEqual([invalid('title: is required'), { kind: 'stored', seq: 1 }]);
  });

  test('[HB41] rules about several fields hold', async () => {
    const world = createWorld();
    const results = await push(world, insert('a', { status: 'done' }), insert('b', { status: 'done', rating: 1 }));
    expect(results).toEqual([invalid('the document: must match a schema in anyOf'), { kind: 'stored', seq: 1 }]);
  });

  test('[HB41] the id is a value too', async () => {
    const world = createWorld();
    const reason = 'id: must NOT have more than 100 characters';
    expect(await push(world, insert('i'.repeat(101), {}))).toEqual([invalid(reason)]);
  });

  test('[HB41] what is inserted over a deleted document is new, whatever that had', async () => {
    const world = createWorld();
    await push(world, insert('a', { rating: 1 }));
    await push(world, remove('a'));
    expect(await push(world, revive('a', { rating: 2 }))).toEqual([invalid('title: is required')]);
    expect(await push(world, revive('a', { title: 'again' }))).toEqual([{ kind: 'stored', seq: 3 }]);
    expect(fieldsOf(world, 'a')).toEqual({ title: 'again' });
  });

  test('[HB41] so is what was inserted anew before the server had heard of the deletion', async () => {
    const world = createWorld();
    await push(world, insert('a', {}));
    expect(await push(world, revive('a', { rating: 2 }))).toEqual([invalid('title: is required')]);
  });

  test('[HB41] what did not fit before it was deleted is no excuse, however it comes back', async () => {
    const world = createWorld();
    await storeUnchecked(world, 'alive', { rating: 9 });
    await storeUnchecked(world, 'gone', { rating: 9 });
    await push(world, remove('gone'));
    const results = await push(
      world,
      revive('alive', { title: 'again', rating: 9 }),
      update('gone', { _deleted: false }),
      update('gone', { _deleted: false, rating: 4 }),
    );
    const refused = invalid('rating: must be <= 5');
    expect(results).toEqual([refused, refused, { kind: 'stored', seq: 4 }]);
  });

  test('[HB41] a nested object that a change brings must have what it requires', async () => {
    const world = createWorld();
    await push(world, insert('a', {}));
    expect(await push(world, update('a', { 'address.city': 'Oslo' }))).toEqual([invalid('address.zip: is required')]);
    const whole = update('a', { 'address.city': 'Oslo', 'address.zip': '0150' });
    expect(await push(world, whole)).toEqual([{ kind: 'stored', seq: 2 }]);
  });
});

describe('changes', () => {
  test('[HB42] what does not fit since earlier does not hold up changes of other fields', async () => {
    const world = createWorld();
    await storeUnchecked(world, 'a', { rating: 9, 'address.city': 'Llanfairpwllgwyngyll', likes: 1 });
    const changes = update('a', { status: 'open', 'address.zip': '58', 'likes.r': 2 });
    expect(await push(world, changes)).toEqual([{ kind: 'stored', seq: 2 }]);
    expect(await push(world, update('a', { rating: 8 }))).toEqual([invalid('rating: must be <= 5')]);
    expect(await push(world, update('a', { rating: 3 }))).toEqual([{ kind: 'stored', seq: 3 }]);
  });

  test('[HB42] a value that stays the same is no change, whatever its stamp', async () => {
    const world = createWorld();
    await storeUnchecked(world, 'a', { rating: 9 });
    const whole = rowOf('a', { rating: 9, title: 'now with a title' });
    expect(await push(world, whole)).toEqual([{ kind: 'stored', seq: 2 }]);
  });

  test('[HB42] rules about several fields do not hold up a change of one', async () => {
    const world = createWorld();
    await push(world, insert('a', {}));
    expect(await push(world, update('a', { status: 'done' }))).toEqual([{ kind: 'stored', seq: 2 }]);
  });

  test('[HB43] a required field stays, at the top and within a nested object; others may go', async () => {
    const world = createWorld();
    await push(world, insert('a', { rating: 1, 'address.zip': '1', 'address.city': 'Oslo' }));
    expect(await push(world, update('a', { title: undefined }))).toEqual([invalid('title: is required')]);
    expect(await push(world, update('a', { 'address.zip': undefined }))).toEqual([invalid('address.zip: is required')]);
    const others = update('a', { rating: undefined, 'address.city': undefined });
    expect(await push(world, others)).toEqual([{ kind: 'stored', seq: 2 }]);
  });

  test('[HB43] a nested object that is not required may go as a whole', async () => {
    const world = createWorld();
    await push(world, insert('a', { 'address.zip': '1' }));
    expect(await push(world, update('a', { 'address.zip': undefined }))).toEqual([{ kind: 'stored', seq: 2 }]);
  });

  test('[HB44] a text is checked as it is merged, and only if it changes', async () => {
    const world = createWorld();
    const body = { field: 'body', kind: 'text' } as const;
    const base = withContent({ ...body, value: 'five5' });
    await push(world, insert('a', {}, base));
    const [left, right] = [2, 3].map((clientId) => {
      return withContent({ ...body, value: `five5+${clientId}x` }, { before: base, clientId });
    });
    expect(await push(world, update('a', {}, left))).toEqual([{ kind: 'stored', seq: 2 }]);
    const reason = 'body: must NOT have more than 10 characters';
    expect(await push(world, update('a', {}, right))).toEqual([invalid(reason)]);
    await storeUnchecked(world, 'long', { title: 'x' }, withContent({ ...body, value: 'more than ten' }));
    expect(await push(world, update('long', { title: 'y' }))).toEqual([{ kind: 'stored', seq: 4 }]);
  });

  test('[HB44] sets, lists and counters are checked by the value that they show', async () => {
    const world = createWorld();
    const tags = withContent({ field: 'tags', kind: 'set', value: ['a', 'b', 'c', 'd'] });
    const steps = withContent({ field: 'steps', kind: 'list', value: ['a', 'too long'] });
    await push(world, insert('c', { 'likes.one': 5 }));
    const results = await push(
      world,
      insert('a', {}, tags),
      insert('b', {}, steps),
      update('c', { 'likes.two': -6 }),
      update('c', { 'likes.two': -5 }),
    );
    expect(results).toEqual([
      invalid('tags: must NOT have more than 3 items'),
      invalid('steps.1: must NOT have more than 5 characters'),
      invalid('likes: must be >= 0'),
      { kind: 'stored', seq: 2 },
    ]);
  });
});

describe('what is let through', () => {
  test('[HB45] fields that the schema does not declare come back as they were, at the top and within objects', async () => {
    const world = createWorld();
    const newer = {
      pinned: { by: ['me'] },
      'address.zip': '1',
      'address.floor': 3,
      'title.short': 'n',
      address: 'here',
    };
    expect(await push(world, insert('a', newer))).toEqual([{ kind: 'stored', seq: 1 }]);
    expect(await push(world, update('a', { pinned: undefined, 'address.floor': 'attic' }))).toMatchObject([{ seq: 2 }]);
    const { registers } = decodeState(rowsOf(world)[0]?.state ?? new Uint8Array());
    const values = Object.fromEntries([...registers].map(([path, { value }]) => [path, value]));
    expect(values).toEqual({ title: 'a note', ...newer, pinned: undefined, 'address.floor': 'attic' });
  });

  test('[HB45] names of Object.prototype are no fields', async () => {
    const world = createWorld();
    expect(await push(world, insert('a', { constructor: 1, toString: 'x' }))).toEqual([{ kind: 'stored', seq: 1 }]);
  });

  test('[HB46] deleted documents fit, and so do values that lose against later ones', async () => {
    const world = createWorld();
    const earlier = update('a', { rating: 9 });
    await push(world, insert('a', { rating: 1 }));
    expect(await push(world, earlier)).toEqual([{ kind: 'stored', seq: 1 }]);
    expect(await push(world, remove('a'), update('a', { rating: 9 }))).toMatchObject([{ seq: 2 }, { seq: 2 }]);
    expect(await push(world, rowOf('b', { _deleted: true }))).toEqual([{ kind: 'stored', seq: 3 }]);
  });
});

function createWorld(): HubWorld {
  return createHubWorld({ collections: noteDefinitions });
}

async function push(world: HubWorld, ...rows: Row[]): Promise<RowResult[]> {
  return resultsOf(await world.join().push(notes(...rows)));
}

function invalid(reason: string): RowResult {
  return { kind: 'refused', code: 'invalid', reason };
}

/** As an earlier version of the server, or of the schema, has let it in. */
async function storeUnchecked(
  world: HubWorld,
  id: string,
  registers: Parameters<typeof noteState>[0],
  rich?: Uint8Array,
) {
  const unchecked = createHubWorld({ store: world.store });
  await push(unchecked, insert(id, registers, rich));
}

function rowsOf({ store }: HubWorld) {
  return store.page('acme', 'notes', { after: 0, labels: ['acme'], maxRows: 1_000, maxBytes: 1e9 }).rows;
}

function fieldsOf(world: HubWorld, id: string): object {
  const row = rowsOf(world).find((each) => each.id === id);
  if (row === undefined) throw new Error(`the store has no row ${id}`);
  return assembleFields(decodeState(row.state));
}
