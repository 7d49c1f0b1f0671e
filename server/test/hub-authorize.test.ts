import { assembleFields, decodeState } from '@breakwater/crdt';
import { describe, expect, test } from 'vitest';
import { createManualScheduler } from '../../packages/testing/src/manual-scheduler.ts';
import type { Authorize, Permission, ProposedWrite } from '../src/authorize.ts';
import { openSqliteStore } from '../src/sqlite-store.ts';
import { createHubWorld, type HubWorld, type HubWorldOptions, notes, resultsOf, rowOf, tasks } from './hub-world.ts';
import { noteDefinitions } from './note-definitions.ts';
import { insert, remove, revive, update, withContent } from './note-writes.ts';

const FORBIDDEN = { kind: 'refused', code: 'forbidden', reason: 'this user may not write this' };

describe('what is asked', () => {
  test('[HB50] every row that would change, with the writer, the document before and the one after', async () => {
    const { world, asked } = createAskedWorld(() => true, { collections: noteDefinitions });
    const writer = world.join('acme', ['acme', 'crew'], 'berta');
    const body = withContent({ field: 'body', kind: 'text', value: 'low tide' });
    await writer.push(notes(insert('a', { 'likes.r': 2 }, body)));
    await writer.push(notes(update('a', { rating: 3 })));
    const about = { tenant: 'acme', user: 'berta', labels: ['acme', 'crew'], collection: 'notes', id: 'a' };
    const first = { id: 'a', title: 'a note', body: 'low tide', tags: [], steps: [], likes: 2 };
    expect(asked).toEqual([
      { ...about, before: undefined, after: first },
      { ...about, before: first, after: { ...first, rating: 3 } },
    ]);
  });

  test('[HB50] false or a reason refuses a row as forbidden, at once or later; the others are stored', async () => {
    const answers: { [id: string]: Permission | Promise<Permission> } = {
      b: false,
      c: 'only Berta may',
      d: Promise.resolve(false),
      e: Promise.resolve('only Carl may'),
      f: Promise.resolve(true),
      g: '',
      h: 'x'.repeat(400),
    };
    const { world } = createAskedWorld(({ id }) => answers[id] ?? true);
    const rows = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((id) => rowOf(id, { title: id }));
    expect(resultsOf(await world.join().push(notes(...rows)))).toEqual([
      { kind: 'stored', seq: 1 },
      FORBIDDEN,
      { ...FORBIDDEN, reason: 'only Berta may' },
      FORBIDDEN,
      { ...FORBIDDEN, reason: 'only Carl may' },
      { kind: 'stored', seq: 2 },
      FORBIDDEN,
      { ...FORBIDDEN, reason: `${'x'.repeat(300)}…` },
    ]);
    expect(idsOf(world)).toEqual(['a', 'f']);
  });

  test('[HB50] a row of a batch that is refused, at once or later, takes the batch with it', async () => {
    for (const answer of [false, Promise.resolve(false)]) {
      const { world } = createAskedWorld(({ collection }) => collection === 'notes' || answer);
      const batch = [notes(rowOf('a', {})), tasks(rowOf('b', {}))];
      const codes = resultsOf(await world.join().pushAtomic(...batch)).map((result) => 'code' in result && result.code);
      expect(codes).toEqual(['batch-refused', 'forbidden']);
      expect(idsOf(world)).toEqual([]);
    }
  });

  test('[HB50] of collections without a definition the documents are bare fields', async () => {
    const { world, asked } = createAskedWorld(() => true);
    await world.join().push(notes(rowOf('a', { title: 'x' })));
    expect(asked).toMatchObject([{ after: { title: 'x' } }]);
  });

  test('[HB50] with one they are complete, also when an older version of the app lacked a field', async () => {
    const { world, asked } = createAskedWorld(({ after }) => isNamed(after?.title) || 'it needs a title', {
      collections: noteDefinitions,
    });
    await createHubWorld({ store: world.store })
      .join()
      .push(notes(rowOf('a', { rating: 1 })));
    expect(resultsOf(await world.join().push(notes(update('a', { rating: 2 }))))).toMatchObject([
      { code: 'forbidden' },
    ]);
    expect(asked).toMatchObject([{ before: { title: '', rating: 1 }, after: { title: '', rating: 2 } }]);
  });

  test('[HB51] a deleted document is shown as none', async () => {
    const { world, asked } = createAskedWorld(() => true);
    const writer = world.join();
    const push = (...rows: Parameters<typeof notes>) => writer.push(notes(...rows));
    await push(insert('a', {}));
    await push(remove('a'));
    await push(update('a', { title: 'in the tombstone' }));
    await push(revive('a', { title: 'again' }));
    await push(rowOf('b', { _deleted: true }));
    expect(asked.map(({ before, after }) => [before?.title, after?.title])).toEqual([
      [undefined, 'a note'],
      ['a note', undefined],
      [undefined, undefined],
      [undefined, 'again'],
      [undefined, undefined],
    ]);
  });

  test('[HB52] nobody is asked about a row that would stay as it is, or is refused whatever it says', async () => {
    const { world, asked } = createAskedWorld(() => true, { collections: ['notes'] });
    const writer = world.join();
    const row = rowOf('a', { title: 'x' });
    await writer.push(notes(row));
    const redelivery = await writer.push(notes(row, rowOf('', {}), update('nowhere', { title: 'x' })));
    const kinds = resultsOf(redelivery).map(({ kind }) => kind);
    expect(kinds).toEqual(['stored', 'refused', 'send-full']);
    await writer.push({ collection: 'secrets', rows: [rowOf('a', {})] });
    expect(asked).toHaveLength(1);
  });

  test('[HB52] what is stored stays stored when it comes again after the right to write it has gone', async () => {
    let isAllowed = true;
    const { world } = createAskedWorld(() => isAllowed);
    const row = rowOf('a', { title: 'x' });
    await world.join().push(notes(row));
    isAllowed = false;
    expect(resultsOf(await world.join().push(notes(row)))).toEqual([{ kind: 'stored', seq: 1 }]);
  });

  test('[HB53] what the hook does to its documents reaches nobody', async () => {
    const { world } = createAskedWorld(({ before, after }) => {
      if (before !== undefined) before.tags = 'gone';
      if (after !== undefined) Object.assign(after.tags ?? {}, ['gone']);
      return true;
    });
    const writer = world.join();
    await writer.push(notes(rowOf('a', { tags: ['kept'] })));
    await writer.push(notes(update('a', { title: 'x' })));
    expect(fieldsOf(world, 'a')).toEqual({ tags: ['kept'], title: 'x' });
  });
});

describe('what a refusal tells', () => {
  test('[HB54] whoever may not write a row learns nothing of it by its size or its rules', async () => {
    const mayWrite = ({ user }: ProposedWrite) => user === 'owner';
    const { world } = createAskedWorld(mayWrite, { collections: noteDefinitions, limits: { maxRowBytes: 800 } });
    const owner = world.join('acme', ['acme'], 'owner');
    await owner.push(notes(insert('a', { 'likes.one': 5, owner: 'o'.repeat(500) })));
    const stranger = world.join('acme', ['acme'], 'stranger');
    const probes = notes(update('a', { 'likes.two': -6 }), update('a', { pinned: 'p'.repeat(500) }), insert('b', {}));
    expect(resultsOf(await stranger.push(probes))).toEqual([FORBIDDEN, FORBIDDEN, FORBIDDEN]);
  });
});

describe('while the hook thinks', () => {
  test('[HB55] a row that somebody else changed is asked about again, and only that one', async () => {
    const { world, asked, answer } = createSlowWorld();
    const first = world.join().push(notes(rowOf('a', { title: 'of one' }), rowOf('b', { title: 'of one' })));
    await answer(2, async () => {
      const second = world.join().push(notes(rowOf('a', { body: 'of the other' })));
      await answer(1);
      await second;
    });
    await answer(1);
    expect(resultsOf(await first)).toEqual([
      { kind: 'stored', seq: 2 },
      { kind: 'stored', seq: 3 },
    ]);
    expect(asked.map(({ id, before, after }) => [id, before, after])).toEqual([
      ['a', undefined, { title: 'of one' }],
      ['b', undefined, { title: 'of one' }],
      ['a', undefined, { body: 'of the other' }],
      ['a', { body: 'of the other' }, { body: 'of the other', title: 'of one' }],
    ]);
  });

  test('[HB55] the second answer counts', async () => {
    const { world, answer } = createSlowWorld(({ before }) => before === undefined || 'it is taken');
    const first = world.join().push(notes(rowOf('a', { title: 'of one' }), rowOf('b', {})));
    await answer(2, async () => {
      const second = world.join().push(notes(rowOf('a', { body: 'of the other' })));
      await answer(1);
      await second;
    });
    await answer(1);
    expect(resultsOf(await first)).toEqual([
      { ...FORBIDDEN, reason: 'it is taken' },
      { kind: 'stored', seq: 2 },
    ]);
    expect(fieldsOf(world, 'a')).toEqual({ body: 'of the other' });
  });

  test('[HB55] an answer without a promise is given within the commit, so that nothing comes between', async () => {
    const { world, asked } = createAskedWorld(() => true);
    const pushes = Array.from({ length: 40 }, (_, i) => world.join().push(notes(rowOf('a', { [`by ${i}`]: i }))));
    for (const ack of await Promise.all(pushes)) expect(resultsOf(ack)).toMatchObject([{ kind: 'stored' }]);
    expect(asked).toHaveLength(40);
  });

  test('[HB55] a push whose rows change each time is given up for now', async () => {
    const inner = openSqliteStore(':memory:');
    const other = createHubWorld({ store: inner }).join();
    let changes = 0;
    const authorize = async () => {
      changes += 1;
      await other.push(notes(rowOf('a', { body: changes })));
      return true;
    };
    const { world } = createAskedWorld(authorize, { store: inner });
    const row = rowOf('a', { title: 'x' });
    expect(await world.join().push(notes(row))).toMatchObject({ type: 'error', code: 'storage-failed' });
    expect(changes).toBe(20);
    expect(fieldsOf(world, 'a')).toEqual({ body: 20 });
    expect(world.logged).toEqual([
      'A push of acme failed: rows changed 20 times before the hooks had answered for them',
    ]);
  });

  test('[HB56] a row that is named twice is asked about on top of what was taken of it', async () => {
    const { world, asked } = createAskedWorld(async ({ after }) => after?.title !== 'no');
    const pushed = notes(rowOf('a', { title: 'yes' }), rowOf('a', { title: 'no' }), rowOf('a', { body: 'x' }));
    const results = resultsOf(await world.join().push(pushed));
    expect(results.map(({ kind }) => kind)).toEqual(['stored', 'refused', 'stored']);
    expect(fieldsOf(world, 'a')).toEqual({ title: 'yes', body: 'x' });
    expect(asked.at(-1)).toMatchObject({ before: { title: 'yes' }, after: { title: 'yes', body: 'x' } });
  });
});

describe('a hook that fails', () => {
  const boom = () => {
    throw new Error('the directory of users is away');
  };

  test.each<[string, Authorize, string]>([
    ['throws', boom, 'the directory of users is away'],
    ['rejects', async () => boom(), 'the directory of users is away'],
    ['answers nothing', (() => {}) as unknown as Authorize, 'it must answer true, false, or why not'],
    ['promises nothing', (async () => {}) as unknown as Authorize, 'it must answer true, false, or why not'],
  ])('[HB57] when it %s, the push fails for now, and nothing else does', async (_, failing, reason) => {
    let fails = true;
    const { world } = createAskedWorld((write) => (fails && write.id === 'bad' ? failing(write) : true));
    const writer = world.join();
    const push = () => writer.push(notes(rowOf('good', { title: 'x' }), rowOf('bad', { title: 'x' })));
    const failed = await push();
    expect(failed).toMatchObject({ type: 'error', request: 1, code: 'storage-failed' });
    expect(JSON.stringify(failed)).not.toContain(reason);
    expect(world.logged).toEqual([`A push of acme failed: authorize failed for "bad" of notes: ${reason}`]);
    expect(idsOf(world)).toEqual([]);
    expect(resultsOf(await world.join().push(notes(rowOf('other', {}))))).toMatchObject([{ kind: 'stored' }]);
    fails = false;
    expect(resultsOf(await push())).toMatchObject([{ kind: 'stored' }, { kind: 'stored' }]);
  });

  test('[HB57] one that never answers is waited for 20 s, and leaves no timer', async () => {
    const scheduler = createManualScheduler();
    const never = () => new Promise<boolean>(() => {});
    const { world } = createAskedWorld(({ id }) => (id === 'stuck' ? never() : Promise.resolve(true)), { scheduler });
    const stuck = world.join().push(notes(rowOf('stuck', {})));
    await scheduler.advanceAsync(19_999);
    expect(resultsOf(await world.join().push(notes(rowOf('other', {}))))).toMatchObject([{ kind: 'stored' }]);
    expect(scheduler.waiting).toBe(1);
    await scheduler.advanceAsync(1);
    expect(await stuck).toMatchObject({ type: 'error', code: 'storage-failed' });
    expect(world.logged).toEqual(['A push of acme failed: authorize has not answered within 20 s']);
    expect(scheduler.waiting).toBe(0);
  });

  test('[HB58] over a row that does not fit the schema it may stumble: that row is refused as invalid', async () => {
    const authorize: Authorize = ({ after }) => isNamed(after?.title);
    const { world } = createAskedWorld(authorize, { collections: noteDefinitions });
    const results = resultsOf(await world.join().push(notes(insert('a', { title: 7 }), insert('b', {}))));
    expect(results).toEqual([
      { kind: 'refused', code: 'invalid', reason: 'title: must be string' },
      { kind: 'stored', seq: 1 },
    ]);
  });
});

/** Written for documents that fit the schema. */
function isNamed(title: unknown): boolean {
  return (title as string).trim() !== '';
}

/** A hub with this hook, and what it was asked. */
function createAskedWorld(authorize: Authorize, options: Omit<HubWorldOptions, 'authorize'> = {}) {
  const asked: ProposedWrite[] = [];
  const ask: Authorize = (write) => {
    asked.push(structuredClone(write));
    return authorize(write);
  };
  return { asked, world: createHubWorld({ ...options, authorize: ask }) };
}

/** A hub whose hook answers when the test says so. */
function createSlowWorld(decide: (write: ProposedWrite) => Permission = () => true) {
  const waiting: (() => void)[] = [];
  let wake = () => {};
  const asks = createAskedWorld((write) => {
    return new Promise((resolve) => {
      waiting.push(() => resolve(decide(write)));
      wake();
    });
  });

  /** Waits for so many questions; answers them after `meanwhile`. */
  async function answer(count: number, meanwhile: () => Promise<unknown> = async () => {}): Promise<void> {
    while (waiting.length < count) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    const due = waiting.splice(0);
    await meanwhile();
    for (const reply of due) reply();
  }
  return { ...asks, answer };
}

function rowsOf({ store }: HubWorld) {
  return store.page('acme', 'notes', { after: 0, labels: ['acme'], maxRows: 1_000, maxBytes: 1e9 }).rows;
}

function idsOf(world: HubWorld): string[] {
  return rowsOf(world).map(({ id }) => id);
}

function fieldsOf(world: HubWorld, id: string): object {
  const row = rowsOf(world).find((each) => each.id === id);
  if (row === undefined) throw new Error(`the store has no row ${id}`);
  return assembleFields(decodeState(row.state));
}
