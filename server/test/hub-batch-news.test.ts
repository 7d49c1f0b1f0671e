import type { NewRowGroup } from '@breakwater/protocol';
import { expect, test } from 'vitest';
import { openSqliteStore } from '../src/sqlite-store.ts';
import type { Store } from '../src/store.ts';
import { createHubWorld, notes, rowOf, type TestPeer, tasks } from './hub-world.ts';

test('[HB26] one commit of several collections is one message to a session that follows them', async () => {
  const world = createHubWorld();
  const [writer, reader] = [world.join(), world.join()];
  follow(reader, 'notes', 'tasks');
  await writer.pushAtomic(notes(rowOf('a', {}), rowOf('b', {})), tasks(rowOf('t', {})), notes(rowOf('c', {})));
  await writer.push(notes(rowOf('d', {})), tasks(rowOf('u', {})));
  expect(newsOf(reader)).toEqual([
    ['notes a b c 3', 'tasks t 1'],
    ['notes d 4', 'tasks u 2'],
  ]);
});

test('[HB26] a session that follows some of the collections hears of these only', async () => {
  const world = createHubWorld();
  const [writer, reader, other] = [world.join(), world.join(), world.join('others')];
  follow(reader, 'tasks', 'places');
  follow(other, 'notes', 'tasks');
  await writer.pushAtomic(notes(rowOf('a', {})), tasks(rowOf('t', {})), {
    collection: 'places',
    rows: [rowOf('p', {})],
  });
  expect(newsOf(reader)).toEqual([['tasks t 1', 'places p 1']]);
  expect(newsOf(other)).toEqual([]);
});

test('[HB26] news that do not fit into one message are cut, each message with the checkpoints of its groups', async () => {
  const world = createHubWorld();
  const [writer, reader] = [world.join(), world.join()];
  follow(reader, 'notes', 'tasks');
  const body = 'x'.repeat(100_000);
  await writer.pushAtomic(
    notes(rowOf('a', { body })),
    tasks(rowOf('t', { body }), rowOf('u', { body }), rowOf('v', { body })),
    notes(rowOf('b', { body })),
  );
  expect(newsOf(reader)).toEqual([['notes a 1', 'tasks t 1'], ['tasks u v 3'], ['notes b 2']]);
});

test('[HB13] the ack of a batch has the checkpoints of all its collections, and the writer hears no more of it', async () => {
  const writer = createHubWorld().join();
  follow(writer, 'notes', 'tasks');
  const ack = await writer.pushAtomic(notes(rowOf('a', {}), rowOf('b', {})), tasks(rowOf('t', {})));
  expect(ack).toMatchObject({ groups: [{ checkpoint: 2 }, { checkpoint: 1 }] });
  expect(newsOf(writer)).toEqual([]);
});

test('[HB15] of the sessions that follow the same collections all get the same bytes', async () => {
  const world = createHubWorld();
  const frames: Uint8Array[] = [];
  const join = (...collections: string[]) => {
    const send = (frame: Uint8Array) => frames.push(frame);
    const member = world.hub.join({
      tenant: 'acme',
      user: 'anna',
      labels: ['acme'],
      send,
      isFull: () => false,
      end: () => {},
    });
    for (const collection of collections)
      member.pull({ type: 'pull', request: 1, collection, checkpoint: 0, maxRows: 1 });
  };
  join('notes', 'tasks');
  join('tasks', 'notes');
  join('notes');
  join('notes');
  frames.length = 0;
  await world.join().pushAtomic(notes(rowOf('a', {})), tasks(rowOf('t', {})));
  expect(frames).toHaveLength(4);
  expect(new Set(frames).size).toBe(2);
});

test('[HB27] a session that is behind in one collection hears of the others at once, and of that one from the store', async () => {
  const { store, breakPages, mendPages } = createBreakableStore();
  const world = createHubWorld({ store });
  const [writer, reader] = [world.join(), world.join()];
  follow(reader, 'notes', 'tasks');
  reader.full = true;
  await writer.push(notes(rowOf('a', {})));
  reader.full = false;
  breakPages();
  reader.member.drained();
  mendPages();
  await writer.pushAtomic(notes(rowOf('b', {})), tasks(rowOf('t', {})));
  expect(newsOf(reader)).toEqual([['tasks t 1'], ['notes a b 2']]);
});

test('[HB27] a store that fails to catch one collection up does not keep the news of the others', async () => {
  const { store, breakPages } = createBreakableStore('notes');
  const world = createHubWorld({ store });
  const [writer, reader] = [world.join(), world.join()];
  follow(reader, 'notes', 'tasks');
  reader.full = true;
  await writer.pushAtomic(notes(rowOf('a', {})), tasks(rowOf('t', {})));
  reader.full = false;
  breakPages();
  await writer.pushAtomic(notes(rowOf('b', {})), tasks(rowOf('u', {})));
  expect(newsOf(reader)).toEqual([['tasks t u 2']]);
});

test('[HB14] a session that fills up in the middle of the news gets the rest once it has room', async () => {
  const world = createHubWorld();
  const writer = world.join();
  const reader = world.join();
  follow(reader, 'notes', 'tasks');
  const body = 'x'.repeat(200_000);
  reader.fullAfter = reader.heard.length + 1;
  await writer.pushAtomic(notes(rowOf('a', {}), rowOf('b', { body })), tasks(rowOf('t', { body }), rowOf('u', {})));
  expect(newsOf(reader)).toEqual([['notes a b 2']]);
  reader.fullAfter = Number.POSITIVE_INFINITY;
  reader.member.drained();
  expect(newsOf(reader)).toEqual([['notes a b 2'], ['tasks t u 2']]);
});

function follow(peer: TestPeer, ...collections: string[]): void {
  for (const collection of collections) peer.pull(0, 1_000, collection);
}

/** Of each message its groups: collection, ids, checkpoint. */
function newsOf({ heard }: TestPeer): string[][] {
  return heard.flatMap((message) => (message.type === 'rows' ? [message.groups.map(textOf)] : []));
}

function textOf({ collection, rows, checkpoint }: NewRowGroup): string {
  return [collection, ...rows.map(({ id }) => id), checkpoint].join(' ');
}

/** A store whose pages, of all collections or of one, can be made to fail. */
function createBreakableStore(broken?: string) {
  const inner = openSqliteStore(':memory:');
  let fails = false;
  const page: Store['page'] = (tenant, collection, query) => {
    if (fails && (broken ?? collection) === collection) throw new Error('disk I/O error');
    return inner.page(tenant, collection, query);
  };
  const breakPages = () => {
    fails = true;
  };
  const mendPages = () => {
    fails = false;
  };
  return { store: { ...inner, page } satisfies Store, breakPages, mendPages };
}
