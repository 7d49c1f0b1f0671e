import { DELETED } from '@breakwater/crdt';
import { expect, test } from 'vitest';
import { openSqliteStore } from '../src/sqlite-store.ts';
import type { Store } from '../src/store.ts';
import { createHubWorld, deltaOf, type HubWorld, notes, rowOf } from './hub-world.ts';

const PURGED = { type: 'error', code: 'checkpoint-purged', message: expect.stringContaining('pull from 0') };

test('[HB29] a pull from before dropped tombstones is an error that says what to do', async () => {
  const world = await worldWithPurge();
  expect(world.store.purgedBefore('acme', 'notes')).toBe(6);
  expect(world.join().pull(1)).toMatchObject(PURGED);
  expect(world.join().pull(5)).toMatchObject(PURGED);
});

test('[HB29] a pull from 0, or from where the client has heard of them, is answered as ever', async () => {
  const world = await worldWithPurge();
  expect(world.join().pull(0)).toMatchObject({
    group: { rows: [{ id: 'b' }, { id: 'd' }], checkpoint: 6 },
    last: true,
  });
  expect(world.join().pull(6)).toMatchObject({ type: 'page', last: true });
  expect(world.join('others').pull(0)).toMatchObject({ type: 'page' });
});

test('[HB29] one purge concerns neither other collections nor other tenants', async () => {
  const world = await worldWithPurge();
  const writer = world.join('others');
  await writer.push(notes(rowOf('x', {}), rowOf('y', {})));
  await world.join().push({ collection: 'tasks', rows: [rowOf('x', {}), rowOf('y', {})] });
  expect(writer.pull(1)).toMatchObject({ type: 'page' });
  expect(world.join().pull(1, 9, 'tasks')).toMatchObject({ type: 'page' });
});

test('[HB30] a session that began to pull after the purge goes on page by page, and then follows', async () => {
  const world = await worldWithPurge();
  const reader = world.join();
  expect(reader.pull(0, 1)).toMatchObject({ group: { rows: [{ id: 'b' }], checkpoint: 2 }, last: false });
  expect(reader.pull(2, 1)).toMatchObject({ group: { rows: [{ id: 'd' }], checkpoint: 6 }, last: true });
  await world.join().push(notes(rowOf('e', {})));
  expect(reader.heard.at(-1)).toMatchObject({ type: 'rows', groups: [{ rows: [{ id: 'e' }], checkpoint: 7 }] });
});

test('[HB30] but not from another checkpoint than that of its page, nor after another purge', async () => {
  const world = await worldWithPurge();
  const [jumping, overtaken] = [world.join(), world.join()];
  jumping.pull(0, 1);
  expect(jumping.pull(3, 1)).toMatchObject(PURGED);
  overtaken.pull(0, 1);
  await world.join().push(notes(deltaOf('d', { [DELETED]: true }, 4)));
  await purge(world);
  expect(overtaken.pull(2, 1)).toMatchObject(PURGED);
  expect(overtaken.pull(0, 1)).toMatchObject({ type: 'page' });
});

test('[HB31] a session that has yet to hear of a tombstone when that is dropped is ended', async () => {
  const inner = openSqliteStore(':memory:');
  let fails = false;
  const page: Store['page'] = (...args) => {
    if (fails) throw new Error('disk I/O error');
    return inner.page(...args);
  };
  const world = createHubWorld({ store: { ...inner, page } });
  const [writer, reader, other] = [world.join(), world.join(), world.join()];
  await writer.push(notes(rowOf('a', {})));
  reader.pull();
  other.pull();
  reader.full = true;
  await writer.push(notes(deltaOf('a', { [DELETED]: true }, 1)));
  reader.full = false;
  fails = true;
  reader.member.drained();
  fails = false;
  await purge(world);
  await writer.push(notes(rowOf('b', {})));
  expect(reader.ended).toEqual(['tombstones of notes were dropped that this session has not heard of']);
  expect(reader.heard.map(({ type }) => type)).toEqual(['page']);
  expect(other.ended).toEqual([]);
  expect(other.heard.map(({ type }) => type)).toEqual(['page', 'rows', 'rows']);
});

/** notes a, b, c, d at 1 to 4, of which a and c were deleted at 5 and 6, and purged. */
async function worldWithPurge(): Promise<HubWorld> {
  const world = createHubWorld();
  const writer = world.join();
  await writer.push(notes(...['a', 'b', 'c', 'd'].map((id) => rowOf(id, { title: id }))));
  await writer.push(notes(deltaOf('a', { [DELETED]: true }, 1), deltaOf('c', { [DELETED]: true }, 3)));
  await purge(world);
  return world;
}

async function purge({ store }: HubWorld): Promise<void> {
  await store.purgeTombstones({ committedBefore: Number.POSITIVE_INFINITY, maxRows: 100, maxBytes: 100_000 });
}
