import { expect, test } from 'vitest';
import { createHubWorld, notes, rowOf } from './hub-world.ts';

test('[HB22] a row is handed out whole, as it is now', async () => {
  const world = createHubWorld();
  const peer = world.join();
  const row = rowOf('a', { title: 'Hull' });
  await peer.push(notes(row));
  expect(peer.get('a')).toEqual({ type: 'got', request: 2, row: { ...row, seq: 1 } });
});

test('[HB22] a row that may not be read, a foreign one and one that is not there are answered alike', async () => {
  const world = createHubWorld();
  await world.join().push(notes(rowOf('a', {})));
  const nothing = { type: 'got', request: 1 };
  expect(world.join('acme', ['others']).get('a')).toEqual(nothing);
  expect(world.join('shipyard').get('a')).toEqual(nothing);
  expect(world.join().get('b')).toEqual(nothing);
  expect(world.join().get('')).toEqual(nothing);
});

test('[HB22] of a collection that the server does not have, asking is an error', () => {
  const world = createHubWorld({ collections: ['notes'] });
  expect(world.join().get('a', 'drafts')).toMatchObject({ type: 'error', code: 'unknown-collection' });
});
