import { expect, test } from 'vitest';
import { createDefinitions } from '../src/definitions.ts';
import type { LabelsOf } from '../src/labels.ts';
import { createServerCollections } from '../src/server-collection.ts';
import { createBlobHubWorld } from './blob-hub-world.ts';
import { attach, noise } from './blob-world.ts';
import { deltaOf, notes, rowOf } from './hub-world.ts';
import { noteDefinitions } from './note-definitions.ts';
import { insert, update } from './note-writes.ts';
import { createRoomWorld, noteRoom } from './room-world.ts';

/** A note is everybody's, unless its text says that it is secret, or its title. */
const unlessSecret: LabelsOf = (_collection, { title, body = '' }) =>
  title === 'secret' || String(body).includes('secret') ? ['few'] : ['few', 'many'];

test('[LB9] who may not read a row any more leaves its room with 4404; what they typed by then is in the row', async () => {
  const world = createRoomWorld({ labelsOf: unlessSecret, collections: noteDefinitions });
  const boss = world.join('acme', ['few']);
  await boss.push(notes(insert('a', {})));
  const [few, many] = [
    await world.enter(noteRoom('a'), { labels: ['few'] }),
    await world.enter(noteRoom('a'), { labels: ['many'] }),
  ];
  many.text.insert(0, 'open ');
  await world.settle();
  await boss.push(notes(update('a', { title: 'secret' })));
  await world.pass(1_000);
  expect([few.closed, many.closed]).toEqual([[], ['4404 there is no such document']]);
  expect(world.bodyOf('a')).toBe('open ');
  many.text.insert(0, 'still ');
  few.text.insert(5, 'water');
  await world.pass(1_000);
  expect(world.bodyOf('a')).toBe('open water');
});

test('[LB9] what is typed moves the row: who may not read it hears that it is revoked, and has left its room', async () => {
  const world = createRoomWorld({ labelsOf: unlessSecret, collections: noteDefinitions });
  const reader = world.join('acme', ['many']);
  await world.join('acme', ['few']).push(notes(insert('a', {})));
  reader.pull();
  const few = await world.enter(noteRoom('a'), { labels: ['few'] });
  const many = await world.enter(noteRoom('a'), { labels: ['many'] });
  few.text.insert(0, 'a secret');
  await world.pass(1_000);
  expect(many.closed).toEqual(['4404 there is no such document']);
  expect(reader.heard.at(-1)).toEqual({
    type: 'rows',
    groups: [{ collection: 'notes', rows: [], revoked: [{ id: 'a', seq: 2 }], checkpoint: 2 }],
  });
});

test('[LB9] typing goes on when the hook trips over it: the row keeps its labels, and the log says why', async () => {
  const world = createRoomWorld({
    collections: noteDefinitions,
    labelsOf(_collection, { body }) {
      if (String(body).includes('x')) throw new Error('no x, please');
      return ['few'];
    },
  });
  await world.join('acme', ['few']).push(notes(insert('a', {})));
  const few = await world.enter(noteRoom('a'), { labels: ['few'] });
  few.text.insert(0, 'x');
  await world.pass(1_000);
  expect(world.bodyOf('a')).toBe('x');
  expect(world.logged).toEqual(['labelsOf failed for "a" of notes: no x, please']);
});

test('[EM4] what the server writes comes into the open room, and merges with what is typed', async () => {
  const world = createRoomWorld({ collections: noteDefinitions });
  const { store, hub } = world;
  const definitions = createDefinitions(noteDefinitions);
  const collection = createServerCollections({ store, hub, definitions, now: Date.now })('notes', 'acme');
  await collection.insert({ id: 'a', title: 'Hull', body: 'low' });
  const editor = await world.enter(noteRoom('a'));
  editor.text.insert(3, ' tide');
  await collection.patch('a', { body: 'a low' });
  await world.pass(1_000);
  expect([editor.text.toString(), world.bodyOf('a')]).toEqual(['a low tide', 'a low tide']);
});

test('[LB10] the bytes of a row that was revoked are not handed out any more', async () => {
  const picture = noise(5_000);
  const world = createBlobHubWorld({ labelsOf: (_collection, { team }) => [String(team)] });
  const owner = world.device('olga', { labels: ['red', 'blue'] });
  const red = world.device('rosa', { labels: ['red'] });
  await owner.push(notes(rowOf('a', { team: 'red' })));
  await owner.push(notes(attach('a', { picture })));
  await owner.wants();
  await owner.upload(picture);
  expect(await red.download('a', picture)).toEqual(picture.bytes);
  await owner.push(notes(deltaOf('a', { team: 'blue' }, 2)));
  expect(await red.download('a', picture)).toBe('blob-missing');
  expect(await owner.download('a', picture)).toEqual(picture.bytes);
  await world.end();
});
