import { DELETED, decodeState, encodeState, NO_STAMP } from '@breakwater/crdt';
import type { DownMessage, Row } from '@breakwater/protocol';
import { expect, test } from 'vitest';
import { clock, createHubWorld, deltaOf, notes, rowOf } from './hub-world.ts';

const LONG = { title: 'Hull', body: 'long enough that a change of the title is shorter than the row' };

function rowsIn(heard: readonly DownMessage[]): Row[] {
  return heard.flatMap((message) => (message.type === 'rows' ? message.groups.flatMap(({ rows }) => [...rows]) : []));
}

/** A session that follows and one that writes, who has written a row. */
async function serveRow() {
  const world = createHubWorld();
  const [writer, follower] = [world.join(), world.join()];
  await writer.push(notes(rowOf('a', LONG)));
  follower.pull();
  follower.heard.length = 0;
  return { writer, follower };
}

test('[HB70] who follows is told what is new in a row, on top of the row as it was', async () => {
  const { writer, follower } = await serveRow();
  const change = deltaOf('a', { title: 'Keel' }, 1);
  await writer.push(notes(change));
  expect(rowsIn(follower.heard)).toEqual([{ id: 'a', seq: 2, base: 1, deleted: false, bytes: change.bytes }]);
  await writer.push(notes(deltaOf('a', { title: 'Mast' }, 1)));
  expect(rowsIn(follower.heard).at(-1)).toMatchObject({ seq: 3, base: 2 });
});

test('[HB70] a row that is new, comes twice in a push, or is no longer than what is new in it, comes whole', async () => {
  const { writer, follower } = await serveRow();
  await writer.push(notes(rowOf('b', LONG)));
  await writer.push(notes(deltaOf('a', { title: 'Keel' }, 1), deltaOf('a', { place: 'Kiel' }, 1)));
  await writer.push(notes(deltaOf('a', { ...LONG, place: 'Pier', note: 'x'.repeat(500) }, 2)));
  const told = rowsIn(follower.heard);
  expect(told.map(({ id, base }) => [id, base])).toEqual([
    ['b', undefined],
    ['a', undefined],
    ['a', undefined],
  ]);
  expect(told.map(({ bytes }) => decodeState(bytes).partial)).toEqual([false, false, false]);
});

test('[HB70] a tombstone comes whole', async () => {
  const { writer, follower } = await serveRow();
  const removed = clock.next();
  const registers = new Map([[DELETED, { stamp: removed, value: true }]]);
  const bytes = encodeState({ generation: NO_STAMP, registers, partial: true });
  await writer.push(notes(rowOf('a', {}, { base: 1, bytes })));
  await writer.push(notes(deltaOf('a', { title: 'Keel' }, 2)));
  expect(rowsIn(follower.heard).map(({ seq, base }) => [seq, base])).toEqual([
    [2, 1],
    [3, undefined],
  ]);
});

test('[HB70] who may read a row only now is told all of it', async () => {
  const world = createHubWorld({ labelsOf: (_, { team }) => (team === 'blue' ? ['red', 'blue'] : ['red']) });
  const [red, blue] = [world.join('acme', ['red']), world.join('acme', ['blue'])];
  await red.push(notes(rowOf('a', LONG)));
  blue.pull();
  await red.push(notes(deltaOf('a', { team: 'blue' }, 1)));
  const [row, ...others] = rowsIn(blue.heard);
  expect(others).toEqual([]);
  expect(row?.base).toBeUndefined();
  expect([...decodeState(row?.bytes ?? new Uint8Array()).registers.keys()].sort()).toEqual(['body', 'team', 'title']);
});

test('[HB71] who was told of a row from the store, past some of its changes, is told the next one from there, too', async () => {
  const { writer, follower } = await serveRow();
  follower.full = true;
  await writer.push(notes(deltaOf('a', { title: 'Keel' }, 1)));
  follower.full = false;
  // One transaction: when the first of them is told, the store has both; its page ends with the large row.
  await Promise.all([
    writer.push(notes(rowOf('b', { body: 'x'.repeat(300_000) }))),
    writer.push(notes(deltaOf('a', { place: 'Kiel' }, 2))),
  ]);
  const told = rowsIn(follower.heard);
  expect(told.map(({ id, seq, base }) => [id, seq, base])).toEqual([
    ['b', 3, undefined],
    ['a', 4, undefined],
  ]);
});
