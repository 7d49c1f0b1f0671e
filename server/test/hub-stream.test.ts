import { expect, test } from 'vitest';
import { openSqliteStore } from '../src/sqlite-store.ts';
import type { Store } from '../src/store.ts';
import { createHubWorld, notes, rowOf, type TestPeer } from './hub-world.ts';
import { noteDefinitions } from './note-definitions.ts';

test('[HB12] a session hears of news from its last page on, and of nothing before', async () => {
  const world = createHubWorld();
  const [writer, reader] = [world.join(), world.join()];
  await writer.push(notes(rowOf('a', {}), rowOf('b', {}), rowOf('c', {})));
  expect(reader.pull(0, 2)).toMatchObject({ last: false, group: { checkpoint: 2 } });
  await writer.push(notes(rowOf('d', {})));
  expect(newsOf(reader)).toEqual([]);
  expect(reader.pull(2, 2)).toMatchObject({ last: true, group: { checkpoint: 4, rows: [{ id: 'c' }, { id: 'd' }] } });
  await writer.push(notes(rowOf('e', {})));
  expect(newsOf(reader)).toEqual([{ ids: ['e'], checkpoint: 5 }]);
});

test('[HB12] pulling again ends the news until the last page', async () => {
  const world = createHubWorld();
  const [writer, reader] = [world.join(), world.join()];
  await writer.push(notes(rowOf('a', {}), rowOf('b', {})));
  reader.pull();
  reader.pull(0, 1);
  await writer.push(notes(rowOf('c', {})));
  expect(newsOf(reader)).toEqual([]);
});

test('[HB13] the writer gets its rows by the ack alone, which moves its checkpoint', async () => {
  const world = createHubWorld();
  const writer = world.join();
  writer.pull();
  expect(await writer.push(notes(rowOf('a', {}), rowOf('b', {})))).toMatchObject({ groups: [{ checkpoint: 2 }] });
  expect(newsOf(writer)).toEqual([]);
});

test('[HB13] the ack of a session that has not pulled to the end says nothing of a checkpoint', async () => {
  const world = createHubWorld();
  const writer = world.join();
  expect(await writer.push(notes(rowOf('a', {})))).toMatchObject({ groups: [{ checkpoint: 0 }] });
});

test('[HB14] a full session gets no news; drained, it gets what it missed, and then news again', async () => {
  const world = createHubWorld();
  const [writer, reader] = [world.join(), world.join()];
  reader.pull();
  reader.full = true;
  await writer.push(notes(rowOf('a', {})));
  await writer.push(notes(rowOf('b', {})));
  expect(newsOf(reader)).toEqual([]);
  expect(await reader.push(notes(rowOf('own', {})))).toMatchObject({ groups: [{ checkpoint: 0 }] });
  reader.full = false;
  reader.member.drained();
  expect(newsOf(reader)).toEqual([{ ids: ['a', 'b', 'own'], checkpoint: 3 }]);
  await writer.push(notes(rowOf('c', {})));
  expect(newsOf(reader).at(-1)).toEqual({ ids: ['c'], checkpoint: 4 });
});

test('[HB14] a session that could not be told of news gets them with the next', async () => {
  const inner = openSqliteStore(':memory:');
  let fails = false;
  const page: Store['page'] = (...args) => {
    if (fails) throw new Error('disk I/O error');
    return inner.page(...args);
  };
  const world = createHubWorld({ store: { ...inner, page } });
  const [writer, reader] = [world.join(), world.join()];
  reader.pull();
  reader.full = true;
  await writer.push(notes(rowOf('a', {})));
  reader.full = false;
  fails = true;
  reader.member.drained();
  fails = false;
  await writer.push(notes(rowOf('b', {})));
  expect(newsOf(reader)).toEqual([{ ids: ['a', 'b'], checkpoint: 2 }]);
  expect(world.logged).toEqual(['A session could not be told of news: disk I/O error']);
});

test('[HB14] what was missed comes in messages of bounded size', async () => {
  const world = createHubWorld();
  const [writer, reader] = [world.join(), world.join()];
  reader.pull();
  reader.full = true;
  const body = 'x'.repeat(100_000);
  await writer.push(notes(...['a', 'b', 'c', 'd', 'e'].map((id) => rowOf(id, { body }))));
  reader.full = false;
  reader.member.drained();
  expect(newsOf(reader).map(({ ids }) => ids)).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
});

test('[HB14] the news of a large commit come in messages of bounded size, each with its checkpoint', async () => {
  const world = createHubWorld();
  const [writer, reader] = [world.join(), world.join()];
  reader.pull();
  const body = 'x'.repeat(100_000);
  await writer.push(notes(...['a', 'b', 'c'].map((id) => rowOf(id, { body }))));
  expect(newsOf(reader)).toEqual([
    { ids: ['a', 'b'], checkpoint: 2 },
    { ids: ['c'], checkpoint: 3 },
  ]);
});

test('[HB15] the news of one commit are encoded once for all who may read the same', async () => {
  const world = createHubWorld();
  const frames: Uint8Array[] = [];
  for (let i = 0; i < 3; i++) {
    const peer = {
      tenant: 'acme',
      user: 'anna',
      labels: ['acme'],
      send: (frame: Uint8Array) => frames.push(frame),
      isFull: () => false,
      end: () => {},
    };
    world.hub.join(peer).pull({ type: 'pull', request: 1, collection: 'notes', checkpoint: 0, maxRows: 1 });
  }
  frames.length = 0;
  await world.join().push(notes(rowOf('a', {})));
  expect(frames).toHaveLength(3);
  expect(new Set(frames).size).toBe(1);
});

test('[HB16] a session hears only of rows that its labels may read', async () => {
  const world = createHubWorld();
  const stranger = world.join('acme', ['nothing of acme']);
  stranger.pull();
  await world.join().push(notes(rowOf('a', {})));
  expect(newsOf(stranger)).toEqual([]);
  expect(stranger.pull()).toMatchObject({ group: { rows: [], checkpoint: 1 }, last: true });
});

test('[HB17] a checkpoint that the server never reached, and an unknown collection, are errors of the pull', () => {
  const world = createHubWorld({ collections: noteDefinitions });
  const reader = world.join();
  expect(reader.pull(1)).toMatchObject({ type: 'error', request: 1, code: 'checkpoint-ahead' });
  expect(reader.pull(0, 1, '__proto__')).toMatchObject({ type: 'error', request: 2, code: 'unknown-collection' });
});

test('[HB17] a store that cannot be read fails the pull and nothing else', async () => {
  const inner = openSqliteStore(':memory:');
  const page = () => {
    throw new Error('disk I/O error');
  };
  const world = createHubWorld({ store: { ...inner, page } satisfies Store });
  const reader = world.join();
  expect(reader.pull()).toMatchObject({ type: 'error', code: 'storage-failed' });
  expect(await reader.push(notes(rowOf('a', {})))).toMatchObject({ type: 'ack' });
});

test('[HB17] a session follows a bounded number of collections', () => {
  const reader = createHubWorld().join();
  for (let i = 0; i < 1_000; i++) expect(reader.pull(0, 1, `c${i}`)?.type).toBe('page');
  expect(reader.pull(0, 1, 'one more')).toMatchObject({ type: 'error', code: 'invalid-request' });
  expect(reader.pull(0, 1, 'c7')?.type).toBe('page');
});

test('[HB18] a session that has left is told nothing', async () => {
  const world = createHubWorld();
  const [writer, reader] = [world.join(), world.join()];
  reader.pull();
  reader.member.leave();
  await writer.push(notes(rowOf('a', {})));
  expect(newsOf(reader)).toEqual([]);
});

function newsOf({ heard }: TestPeer): { ids: string[]; checkpoint: number }[] {
  return heard.flatMap((message) =>
    message.type === 'rows'
      ? message.groups.map(({ rows, checkpoint }) => ({ ids: rows.map(({ id }) => id), checkpoint }))
      : [],
  );
}
