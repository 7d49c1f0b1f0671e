import { assembleFields, DELETED, decodeState, encodeState, type Stamp, type State } from '@breakwater/crdt';
import type { Row } from '@breakwater/protocol';
import { expect, test } from 'vitest';
import { createManualScheduler, settlePromises } from '../../packages/testing/src/manual-scheduler.ts';
import { openSqliteStore } from '../src/sqlite-store.ts';
import { StorageError, type Store } from '../src/store.ts';
import {
  DEFAULT_SHRINK_AFTER_DAYS,
  FIRST_STEP_AFTER_MS,
  NEXT_RUN_AFTER_MS,
  NEXT_STEP_AFTER_MS,
  purgeTombstones,
  requireShrinkAfterDays,
  startShrinking,
} from '../src/tombstones.ts';
import { createHubWorld, deltaOf, type HubWorld, notes, resultsOf, rowOf, stateOf } from './hub-world.ts';

const START_MS = 1_700_000_000_000;
const DAY_MS = 86_400_000;

test('[HB28] a shrunk tombstone keeps its seq and makes no news; who pulls it gets the stub', async () => {
  const { world, reader } = await worldWithStub();
  expect(reader.heard.map(({ type }) => type)).toEqual(['page', 'rows', 'rows']);
  const page = world.join().pull();
  expect(page).toMatchObject({ group: { rows: [{ id: 'a', seq: 2, deleted: true }], checkpoint: 2 } });
  const stub = storedState(world);
  expect([...stub.registers]).toEqual([[DELETED, { stamp: stub.generation, value: true }]]);
});

test('[HB28] what arrives late and is older changes nothing: an edit, the whole row, the whole tombstone', async () => {
  const { world, writer, before, edit } = await worldWithStub();
  const late = [before.row, before.tombstone, edit].map((state) => ({ ...rowOf('a', {}), bytes: encodeState(state) }));
  const delta = { ...late[2], base: 1 } as Row;
  expect(resultsOf(await writer.push(notes(...late, delta)))).toEqual(Array(4).fill({ kind: 'stored', seq: 2 }));
  expect(world.store.head('acme', 'notes')).toBe(2);
});

test('[HB28] an edit later than the deletion is kept in the tombstone, which is news', async () => {
  const { world, writer, reader } = await worldWithStub();
  expect(resultsOf(await writer.push(notes(deltaOf('a', { title: 'late' }, 2))))).toEqual([{ kind: 'stored', seq: 3 }]);
  expect(reader.heard.at(-1)).toMatchObject({ groups: [{ rows: [{ id: 'a', deleted: true }] }] });
  expect(assembleFields(storedState(world))).toEqual({ title: 'late' });
});

test('[HB28] an insert over the tombstone revives the row; a delta of it needs it whole first', async () => {
  const { world, writer } = await worldWithStub();
  const fresh = stateOf({ title: 'again' });
  const revived = { ...fresh, generation: newest(fresh) };
  const edited = { ...stateOf({ title: 'edited' }, true), generation: revived.generation };
  const push = async (state: State, change: Partial<Row> = {}) =>
    resultsOf(await writer.push(notes(rowOf('a', {}, { bytes: encodeState(state), ...change }))));
  expect(await push(edited, { base: 2 })).toEqual([{ kind: 'send-full' }]);
  expect(await push(revived)).toEqual([{ kind: 'stored', seq: 3 }]);
  expect(await push(edited, { base: 3 })).toEqual([{ kind: 'stored', seq: 4 }]);
  expect(world.join().pull()).toMatchObject({ group: { rows: [{ id: 'a', seq: 4, deleted: false }] } });
  expect(assembleFields(storedState(world))).toEqual({ title: 'edited' });
});

test('[HB32] tombstones are shrunk some time after the start, step by step, and every hour from then on', async () => {
  const { store, scheduler, steps } = createRun([2, 1, 0, 0]);
  const stop = start(store, scheduler);
  await scheduler.advanceAsync(FIRST_STEP_AFTER_MS - 1);
  expect(steps).toEqual([]);
  await scheduler.advanceAsync(1 + 2 * NEXT_STEP_AFTER_MS);
  const first = START_MS + FIRST_STEP_AFTER_MS;
  expect(steps).toEqual([first, first + NEXT_STEP_AFTER_MS, first + 2 * NEXT_STEP_AFTER_MS]);
  await scheduler.advanceAsync(NEXT_RUN_AFTER_MS - 1);
  expect(steps).toHaveLength(3);
  await scheduler.advanceAsync(1);
  expect(steps).toHaveLength(4);
  stop();
  expect(scheduler.waiting).toBe(0);
});

test('[HB32] only those whose last commit is as many days ago as the option says', async () => {
  const { store, scheduler } = createRun([]);
  const asked: number[] = [];
  const shrinkTombstones: Store['shrinkTombstones'] = async ({ committedBefore }) => {
    asked.push(committedBefore);
    return 0;
  };
  start({ ...store, shrinkTombstones }, scheduler, 7);
  await scheduler.advanceAsync(FIRST_STEP_AFTER_MS);
  expect(asked).toEqual([START_MS + FIRST_STEP_AFTER_MS - 7 * DAY_MS]);
});

test('[HB32] a step that fails is logged, and the next run comes all the same', async () => {
  const { store, scheduler, steps } = createRun([new StorageError('the disk is full'), 0]);
  const logged: string[] = [];
  start(store, scheduler, 30, logged);
  await scheduler.advanceAsync(FIRST_STEP_AFTER_MS);
  expect(logged).toEqual(['Shrinking tombstones failed: the disk is full']);
  await scheduler.advanceAsync(NEXT_RUN_AFTER_MS);
  expect(steps).toHaveLength(2);
});

test('[HB32] stopped in the middle of a step, it neither goes on nor complains of the store', async () => {
  const { store, scheduler } = createRun([]);
  const logged: string[] = [];
  let fail = (_: Error) => {};
  const shrinkTombstones = () => new Promise<number>((_, reject) => (fail = reject));
  const stop = start({ ...store, shrinkTombstones }, scheduler, 30, logged);
  await scheduler.advanceAsync(FIRST_STEP_AFTER_MS);
  stop();
  fail(new StorageError('the store is closed'));
  await settlePromises();
  expect([logged, scheduler.waiting]).toEqual([[], 0]);
});

test('[HB32] a tombstone that does not decode stays as it is, and the others are shrunk', async () => {
  const scheduler = createManualScheduler(START_MS);
  const store = openSqliteStore(':memory:', { now: scheduler.now });
  const ids = ['broken', 'sound'];
  const keys = ids.map((id) => ({ collection: 'notes', id }));
  const tombstone = encodeState(stateOf({ title: 'x', [DELETED]: true }));
  await store.commit('acme', keys, () => ({
    writes: keys.map((key) => {
      const state = key.id === 'broken' ? Uint8Array.of(1, 2, 3) : tombstone;
      return { ...key, deleted: true, doc: '{}', labels: [], state };
    }),
    result: 0,
  }));
  start(store, scheduler, 1);
  await scheduler.advanceAsync(DAY_MS + NEXT_RUN_AFTER_MS);
  const lengths = keys.map((key) => store.row('acme', key)?.state.length ?? 0);
  expect(lengths[0]).toBe(3);
  expect(lengths[1]).toBeLessThan(tombstone.length);
  await store.close();
});

test('[HB33] days that make no sense are refused by name', () => {
  for (const days of [0, -1, 0.5, Number.NaN, '30' as unknown as number]) {
    expect(() => requireShrinkAfterDays(days)).toThrow(`tombstones.shrinkAfterDays is ${days}`);
  }
  expect([1, 30, Number.POSITIVE_INFINITY].map(requireShrinkAfterDays)).toEqual([1, 30, Number.POSITIVE_INFINITY]);
  expect(DEFAULT_SHRINK_AFTER_DAYS).toBe(30);
});

test('[HB34] purging drops what is older, however much it is, and says how many there were', async () => {
  let time = START_MS;
  const store = openSqliteStore(':memory:', { now: () => time });
  const put = (count: number, prefix: string) => {
    const keys = Array.from({ length: count }, (_, i) => ({ collection: 'notes', id: `${prefix}${i}` }));
    const row = { deleted: true, doc: '{}', state: new Uint8Array(10), labels: ['acme'] };
    return store.commit('acme', keys, () => ({ writes: keys.map((key) => ({ ...key, ...row })), result: 0 }));
  };
  await put(450, 'old');
  time += DAY_MS;
  await put(3, 'young');
  time += DAY_MS;
  expect(await purgeTombstones(store, DAY_MS, time)).toBe(450);
  expect(store.purgedBefore('acme', 'notes')).toBe(450);
  expect(await purgeTombstones(store, DAY_MS, time + 1)).toBe(3);
  await store.close();
});

test('[HB34] an age that makes no sense, or of less than a day, is refused and drops nothing', async () => {
  const store = openSqliteStore(':memory:', { now: () => START_MS });
  const key = { collection: 'notes', id: 'a' };
  const row = { ...key, deleted: true, doc: '{}', state: new Uint8Array(10), labels: ['acme'] };
  await store.commit('acme', [key], () => ({ writes: [row], result: 0 }));
  for (const age of [DAY_MS - 1, 0, -DAY_MS, Number.NaN, Number.POSITIVE_INFINITY]) {
    await expect(purgeTombstones(store, age, START_MS + 9 * DAY_MS)).rejects.toThrow(`olderThanMs is ${age}`);
  }
  expect(store.head('acme', 'notes')).toBe(1);
  expect(store.row('acme', key)).toBeDefined();
  await store.close();
});

/** A row was written at 1 and deleted at 2, both heard by the reader; then time passed and it was shrunk. */
async function worldWithStub() {
  const scheduler = createManualScheduler(START_MS);
  const world = createHubWorld({ store: openSqliteStore(':memory:', { now: scheduler.now }) });
  const [writer, reader] = [world.join(), world.join()];
  reader.pull();
  const row = stateOf({ title: 'x', place: 'y' });
  const edit = stateOf({ title: 'an edit from before the deletion' }, true);
  await writer.push(notes(rowOf('a', {}, { bytes: encodeState(row) })));
  await writer.push(notes(deltaOf('a', { [DELETED]: true }, 1)));
  const tombstone = storedState(world);
  const stop = start(world.store, scheduler, 30);
  await scheduler.advanceAsync(31 * DAY_MS);
  stop();
  return { world, writer, reader, edit, before: { row, tombstone } };
}

function storedState({ store }: HubWorld): State {
  const row = store.row('acme', { collection: 'notes', id: 'a' });
  if (row === undefined) throw new Error('the row is not there');
  return decodeState(row.state);
}

function newest({ registers }: State): Stamp {
  const [stamp] = [...registers.values()].map((register) => register.stamp);
  if (stamp === undefined) throw new Error('the state has no register');
  return stamp;
}

function start(store: Store, scheduler: ReturnType<typeof createManualScheduler>, days = 30, logged: string[] = []) {
  return startShrinking({ store, scheduler, shrinkAfterDays: days, log: (line) => logged.push(line) });
}

/** A store whose steps of shrinking come out as told, with the times at which they were asked for. */
function createRun(outcomes: (number | Error)[]) {
  const scheduler = createManualScheduler(START_MS);
  const steps: number[] = [];
  const shrinkTombstones: Store['shrinkTombstones'] = async () => {
    steps.push(scheduler.now());
    const outcome = outcomes.shift() ?? 0;
    if (outcome instanceof Error) throw outcome;
    return outcome;
  };
  return { store: { ...openSqliteStore(':memory:'), shrinkTombstones }, scheduler, steps };
}
