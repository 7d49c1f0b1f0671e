import { NO_STAMP } from '@breakwater/crdt';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { openSqliteStore } from '../src/sqlite-store.ts';
import { StorageError, type Store } from '../src/store.ts';
import { notes } from './hub-world.ts';
import { noteDefinitions } from './note-definitions.ts';
import { insert, remove, revive, update, withContent } from './note-writes.ts';
import { createRoomWorld, freeRoom, noteRoom, type RoomWorld } from './room-world.ts';

test('[RM1] what one types the others have, and whoever comes later', async () => {
  const world = await worldWithNote();
  const [one, two] = [await world.enter(noteRoom('a')), await world.enter(noteRoom('a'))];
  one.text.insert(0, 'hello');
  await world.settle();
  expect(two.text.toString()).toBe('hello');
  const late = await world.enter(noteRoom('a'));
  expect(late.text.toString()).toBe('hello');
});

test('[RM2] the room of a row has what the row has', async () => {
  const world = createRoomWorld();
  await world.join().push(notes(insert('a', {}, withContent({ field: 'body', kind: 'text', value: 'before' }))));
  const editor = await world.enter(noteRoom('a'));
  expect(editor.text.toString()).toBe('before');
});

test.each([
  ['no row', 'notes', 'b', {}],
  ['no collection', 'nothing', 'a', {}],
  ['an id that is none', 'notes', '', {}],
  ['another tenant', 'notes', 'a', { tenant: 'other' }],
  ['no right to read it', 'notes', 'a', { labels: ['none'] }],
])('[RM3] a row that is not there for somebody has no room: %s', async (_name, collection, id, who) => {
  const world = await worldWithNote({ collections: ['notes'] });
  const editor = await world.enter({ kind: 'document', collection, id, generation: undefined }, who);
  expect(editor.closed).toEqual(['4404 there is no such document']);
});

test('[RM3] nor has a deleted one', async () => {
  const world = await worldWithNote();
  await world.join().push(notes(remove('a')));
  expect((await world.enter(noteRoom('a'))).closed).toEqual(['4404 there is no such document']);
});

test('[RM4] a room belongs to one generation of its row', async () => {
  const world = await worldWithNote();
  expect((await world.enter(noteRoom('a', NO_STAMP))).closed).toEqual([]);
  expect((await world.enter(noteRoom('a', '0mdtk5z1s000aaaaaaaaaa'))).closed).toEqual([
    expect.stringMatching(/^4410 /),
  ]);
});

test('[RM4] it is closed when the row is inserted anew, and what was typed does not come into the new one', async () => {
  const world = await worldWithNote();
  const editor = await world.enter(noteRoom('a'));
  editor.text.insert(0, 'old');
  await world.settle();
  await world.join().push(notes(revive('a', { title: 'again' })));
  await world.pass(0);
  expect(editor.closed).toEqual([expect.stringMatching(/^4410 /)]);
  const { generation } = world.stateOf('a');
  const late = await world.enter(noteRoom('a', generation));
  late.text.insert(0, 'new');
  await world.pass(1_000);
  expect(world.bodyOf('a')).toBe('new');
});

test('[RM5] it is closed when the row is deleted; what was typed is in the tombstone', async () => {
  const world = await worldWithNote();
  const editor = await world.enter(noteRoom('a'));
  editor.text.insert(0, 'last words');
  await world.settle();
  await world.join().push(notes(remove('a')));
  await world.pass(0);
  expect(editor.closed).toEqual(['4404 the document was deleted']);
  expect(world.bodyOf('a')).toBe('last words');
  expect(world.store.row('acme', { collection: 'notes', id: 'a' })?.deleted).toBe(true);
});

test('[RM6] free rooms have any types, by their name and tenant', async () => {
  const world = createRoomWorld();
  const [one, two] = [await world.enter(freeRoom('lobby')), await world.enter(freeRoom('lobby'))];
  const stranger = await world.enter(freeRoom('lobby'), { tenant: 'other' });
  one.doc.getMap('m').set('nested', new Y.Map([['list', Y.Array.from([1, { a: null }, new Uint8Array([1])])]]));
  one.doc.getXmlFragment('x').insert(0, [new Y.XmlElement('p')]);
  await world.settle();
  expect(two.doc.getMap('m').toJSON()).toEqual({ nested: { list: [1, { a: null }, new Uint8Array([1])] } });
  expect(two.doc.getXmlFragment('x').toString()).toBe('<p></p>');
  expect(stranger.doc.getMap('m').toJSON()).toEqual({});
});

test('[RM7] an update is on the disk before anybody else has it, or a step 2 with it', async () => {
  const held = holdAppends(openSqliteStore(':memory:'));
  const world = await worldWithNote({ store: held.store });
  const [one, two] = [await world.enter(noteRoom('a', NO_STAMP)), await world.enter(noteRoom('a', NO_STAMP))];
  held.hold();
  one.text.insert(0, 'x');
  await world.settle();
  const late = await world.enter(noteRoom('a', NO_STAMP));
  expect([two.text.toString(), late.text.toString(), late.heard]).toEqual([
    '',
    '',
    ['step1', 'awareness', 'awareness'],
  ]);
  held.release();
  await world.settle();
  expect([two.text.toString(), late.text.toString()]).toEqual(['x', 'x']);
});

test('[RM8] when it cannot be stored nobody gets it, and everybody is told to come again', async () => {
  const held = holdAppends(openSqliteStore(':memory:'));
  const world = await worldWithNote({ store: held.store });
  const [one, two] = [await world.enter(noteRoom('a')), await world.enter(noteRoom('a'))];
  held.fail();
  one.text.insert(0, 'x');
  await world.settle();
  expect(two.text.toString()).toBe('');
  expect([one.closed, two.closed]).toEqual([[expect.stringMatching(/^1013 /)], [expect.stringMatching(/^1013 /)]]);
  held.release();
  const again = await world.enter(noteRoom('a'), { doc: one.doc });
  const late = await world.enter(noteRoom('a'));
  expect([again.closed, late.text.toString()]).toEqual([[], 'x']);
});

test('[RM9] a room that cannot be loaded is no empty room', async () => {
  const store = openSqliteStore(':memory:');
  const first = createRoomWorld({ store });
  const editor = await first.enter(freeRoom('lobby'));
  editor.text.insert(0, 'good');
  await first.settle();
  let isBroken = true;
  const load: Store['rooms']['load'] = (...args) => {
    if (isBroken) throw new StorageError('the disk is gone');
    return store.rooms.load(...args);
  };
  const world = createRoomWorld({ store: { ...store, rooms: { ...store.rooms, load } } });
  const early = await world.enter(freeRoom('lobby'));
  expect(early.closed).toEqual([expect.stringMatching(/^1013 /)]);
  isBroken = false;
  expect((await world.enter(freeRoom('lobby'))).text.toString()).toBe('good');
});

test('[RM10] an empty room is unloaded once all is in its row, and whoever comes back finds it', async () => {
  const world = await worldWithNote();
  const editor = await world.enter(noteRoom('a'));
  editor.text.insert(0, 'kept');
  await world.settle();
  editor.leave();
  await world.settle();
  expect(world.bodyOf('a')).toBe('kept');
  expect(world.store.rooms.unfolded()).toEqual([]);
  expect(world.scheduler.waiting).toBe(0);
  expect((await world.enter(noteRoom('a'))).text.toString()).toBe('kept');
});

test('[RM10] what cannot be brought into the row now is tried again, and the room stays until then', async () => {
  const store = openSqliteStore(':memory:');
  let isFull = false;
  const commit: Store['commit'] = (...args) =>
    isFull ? Promise.reject(new StorageError('the disk is full')) : store.commit(...args);
  const world = await worldWithNote({ store: { ...store, commit } });
  const editor = await world.enter(noteRoom('a'));
  editor.text.insert(0, 'kept');
  await world.settle();
  isFull = true;
  editor.leave();
  await world.pass(6_000);
  expect(world.bodyOf('a')).toBe('');
  isFull = false;
  await world.pass(6_000);
  expect(world.bodyOf('a')).toBe('kept');
  expect(world.scheduler.waiting).toBe(0);
});

test('[RM11] typing is in the row after a second, in one commit, and followers hear of it by a delta', async () => {
  const world = await worldWithNote();
  const follower = world.join();
  follower.pull();
  const editor = await world.enter(noteRoom('a'));
  for (const letter of 'hello') {
    editor.text.insert(editor.text.length, letter);
    await world.pass(100);
  }
  expect(follower.heard.filter(({ type }) => type === 'rows')).toEqual([]);
  await world.pass(500);
  expect(world.bodyOf('a')).toBe('hello');
  const news = follower.heard.filter(({ type }) => type === 'rows');
  expect(news).toMatchObject([{ groups: [{ checkpoint: 2, rows: [{ id: 'a', seq: 2, base: 1 }] }] }]);
  await world.pass(10_000);
  expect(world.store.head('acme', 'notes')).toBe(2);
});

test('[RM12] a fold that adds nothing writes nothing', async () => {
  const world = await worldWithNote();
  const editor = await world.enter(noteRoom('a'));
  editor.text.insert(0, 'x');
  await world.pass(1_000);
  await editor.update(Y.encodeStateAsUpdate(editor.doc));
  await world.pass(5_000);
  editor.leave();
  await world.settle();
  expect(world.store.head('acme', 'notes')).toBe(2);
});

test('[RM13] what is pushed into the row comes into its open room', async () => {
  const world = await worldWithNote();
  const editor = await world.enter(noteRoom('a'));
  editor.text.insert(0, 'typed');
  await world.pass(1_000);
  const { rich } = world.stateOf('a');
  const pushed = withContent(
    { field: 'body', kind: 'text', value: 'typed and pushed' },
    { ...(rich && { before: rich }), clientId: 77 },
  );
  await world.join().push(notes(update('a', {}, pushed)));
  await world.settle();
  expect(editor.text.toString()).toBe('typed and pushed');
});

test('[RM42] what was typed is in the row before a push of it is judged, in one commit however much is typed meanwhile', async () => {
  const judged: unknown[] = [];
  const world = await worldWithNote({
    collections: noteDefinitions,
    authorize: ({ before, after }) => {
      judged.push([before?.body, after?.body]);
      return true;
    },
    authorizeRoom: () => 'write',
  });
  const editor = await world.enter(noteRoom('a'));
  judged.length = 0;
  editor.text.insert(0, 'typed');
  const pushed = world.join().push(notes(update('a', { title: 'b' })));
  for (let i = 0; i < 100; i++) {
    editor.text.insert(5, '!');
    await Promise.resolve();
  }
  expect(await pushed).toMatchObject({ groups: [{ results: [{ seq: 3 }] }] });
  expect(judged).toEqual([[expect.stringMatching(/^typed/), expect.stringMatching(/^typed/)]]);
});

test('[RM42] and before it is handed out', async () => {
  const world = await worldWithNote();
  const editor = await world.enter(noteRoom('a'));
  editor.text.insert(0, 'typed');
  const reader = world.join();
  await reader.member.get({ type: 'get', request: 1, collection: 'notes', id: 'a' });
  expect(reader.heard).toMatchObject([{ type: 'got', row: { id: 'a', seq: 2 } }]);
  expect(world.bodyOf('a')).toBe('typed');
});

test('[RM42] when it cannot be, the row is judged and handed out without it', async () => {
  const store = openSqliteStore(':memory:');
  let isFailing = false;
  const commit: Store['commit'] = (...args) =>
    isFailing ? Promise.reject(new StorageError('no')) : store.commit(...args);
  const world = await worldWithNote({ store: { ...store, commit } });
  const editor = await world.enter(noteRoom('a'));
  editor.text.insert(0, 'typed');
  isFailing = true;
  const reader = world.join();
  await reader.member.get({ type: 'get', request: 1, collection: 'notes', id: 'a' });
  expect(reader.heard).toMatchObject([{ type: 'got', row: { id: 'a', seq: 1 } }]);
  expect(editor.closed).toEqual([]);
});

test('[RM14] what a killed server had not folded is in the rows soon after the next start', async () => {
  const store = openSqliteStore(':memory:');
  const killed = await worldWithNote({ store });
  const editor = await killed.enter(noteRoom('a'));
  editor.text.insert(0, 'typed');
  await killed.settle();
  const world = createRoomWorld({ store });
  await world.rooms.foldLeftovers();
  expect(world.bodyOf('a')).toBe('typed');
  expect(store.rooms.unfolded()).toEqual([]);
});

test('[RM15] closing the rooms brings everything into the rows, and turns everybody away for now', async () => {
  const world = await worldWithNote();
  const editor = await world.enter(noteRoom('a'));
  editor.text.insert(0, 'typed');
  await world.rooms.close();
  expect(world.bodyOf('a')).toBe('typed');
  expect(editor.closed).toEqual(['1013 the server is stopping']);
  expect((await world.enter(noteRoom('a'))).closed).toEqual(['1013 the server is stopping']);
});

test('[RM16] who may not write reads: its updates are not taken, its awareness is, and it is told once', async () => {
  const world = await worldWithNote({ authorize: ({ user }) => user !== 'reader' });
  const writer = await world.enter(noteRoom('a'));
  const reader = await world.enter(noteRoom('a'), { user: 'reader' });
  expect([writer.readOnly, reader.readOnly]).toEqual([false, true]);
  reader.text.insert(0, 'no');
  reader.text.insert(0, 'no');
  writer.text.insert(0, 'yes');
  await world.pass(1_000);
  expect(writer.text.toString()).toBe('yes');
  expect(world.bodyOf('a')).toBe('yes');
  expect(reader.heard.filter((kind) => kind === 'auth')).toHaveLength(1);
  expect(writer.states.has(reader.doc.clientID)).toBe(true);
  expect(reader.closed).toEqual([]);
});

test('[RM17] a hook of its own may decide who is in which room; when it fails, nobody is', async () => {
  const world = await worldWithNote({
    authorizeRoom: ({ user, room }) => {
      if (room.kind === 'free') return 'none';
      if (user === 'broken') throw new Error('no');
      return room.document.title === 'a note' && user === 'anna' ? 'write' : 'read';
    },
  });
  expect((await world.enter(noteRoom('a'))).readOnly).toBe(false);
  expect((await world.enter(noteRoom('a'), { user: 'bob' })).readOnly).toBe(true);
  expect((await world.enter(freeRoom('lobby'))).closed).toEqual(['4403 this user may not be in the room']);
  expect((await world.enter(noteRoom('a'), { user: 'broken' })).closed).toEqual([expect.stringMatching(/^1013 /)]);
});

test('[RM18] when a push changes who may write, they come again with their new rights', async () => {
  const world = await worldWithNote({
    authorizeRoom: ({ user, room }) => (room.kind === 'document' && room.document.owner === user ? 'write' : 'read'),
  });
  const editor = await world.enter(noteRoom('a'));
  const other = await world.enter(noteRoom('a'), { user: 'bob' });
  await world.join().push(notes(update('a', { owner: 'anna' })));
  await world.settle();
  expect(editor.closed).toEqual(['1013 rights have changed']);
  expect(other.closed).toEqual([]);
  expect((await world.enter(noteRoom('a'))).readOnly).toBe(false);
});

test('[RM19] awareness goes to everybody, to its sender too, and ends when its session leaves', async () => {
  const world = await worldWithNote();
  const [one, two] = [await world.enter(noteRoom('a')), await world.enter(noteRoom('a'))];
  const [first, second] = [one.doc.clientID, two.doc.clientID];
  await one.aware({ clientId: first, clock: 1, state: '{"at":5}' });
  expect(one.states.get(first)?.state).toBe('{"at":5}');
  expect(two.states.get(first)?.state).toBe('{"at":5}');
  two.leave();
  expect([...one.states.keys()]).toEqual([first]);
  expect(second).not.toBe(first);
});

test('[RM20] whoever is told nothing for 20 seconds is sent an awareness message without entries', async () => {
  const world = await worldWithNote();
  const editor = await world.enter(noteRoom('a'), { isAware: false });
  editor.heard.length = 0;
  await world.pass(15_000);
  expect(editor.heard).toEqual([]);
  await world.pass(10_000);
  expect(editor.heard).toEqual(['awareness']);
});

test('[RM21] who does not read is sent what it missed in one message when it does', async () => {
  const world = await worldWithNote();
  const [one, two] = [await world.enter(noteRoom('a')), await world.enter(noteRoom('a'))];
  one.text.insert(0, 'a');
  await world.settle();
  two.heard.length = 0;
  two.isFull = true;
  for (let i = 0; i < 50; i++) one.text.insert(0, 'b');
  one.text.delete(0, 1);
  await one.aware({ clientId: one.doc.clientID, clock: 1, state: '{"at":1}' });
  await world.settle();
  expect(two.heard).toEqual([]);
  two.isFull = false;
  two.drained();
  await world.settle();
  expect(two.heard).toEqual(['update', 'awareness']);
  expect(two.text.toString()).toBe(one.text.toString());
  expect(two.states.get(one.doc.clientID)?.state).toBe('{"at":1}');
});

test('[RM22] a document as large as it may be takes no more; what it has stays', async () => {
  const world = await worldWithNote({ limits: { maxRowBytes: 4_000 } });
  const [one, two] = [await world.enter(noteRoom('a')), await world.enter(noteRoom('a'))];
  one.text.insert(0, 'x'.repeat(1_000));
  await world.settle();
  one.text.insert(0, 'y'.repeat(3_000));
  await world.pass(1_000);
  expect(one.closed).toEqual([expect.stringMatching(/^4413 /)]);
  expect([two.closed, two.text.length, world.bodyOf('a')]).toEqual([[], 1_000, 'x'.repeat(1_000)]);
});

test("[RM23] the schema's length of a text does not hold typing together, and does not stop later pushes", async () => {
  const world = await worldWithNote({ collections: noteDefinitions });
  const editor = await world.enter(noteRoom('a'));
  editor.text.insert(0, 'longer than ten letters');
  await world.pass(1_000);
  expect(world.bodyOf('a')).toBe('longer than ten letters');
  expect(await world.join().push(notes(update('a', { title: 'b' })))).toMatchObject({
    groups: [{ results: [{ seq: 3 }] }],
  });
});

test('[RM24] 3 editors and a follower: 3 seconds after the last key nothing is sent any more', async () => {
  const world = await worldWithNote();
  const follower = world.join();
  follower.pull();
  const editors = [
    await world.enter(noteRoom('a')),
    await world.enter(noteRoom('a')),
    await world.enter(noteRoom('a')),
  ];
  for (let i = 0; i < 30; i++) {
    editors[i % 3]?.text.insert(0, String(i % 10));
    await world.pass(50);
  }
  await world.pass(3_000);
  const texts = editors.map(({ text }) => text.toString());
  expect(new Set([...texts, world.bodyOf('a')]).size).toBe(1);
  const heard = [...editors, follower].map((each) => each.heard.length);
  await world.pass(15_000);
  expect([...editors, follower].map((each) => each.heard.length)).toEqual(heard);
});

async function worldWithNote(options: Parameters<typeof createRoomWorld>[0] = {}): Promise<RoomWorld> {
  const world = createRoomWorld(options);
  await world.join().push(notes(insert('a', {})));
  return world;
}

/** A store whose room updates reach the disk when the test says so. */
function holdAppends(store: Store) {
  let gate = Promise.resolve();
  let open = () => {};
  let isFailing = false;
  const append: Store['rooms']['append'] = async (...args) => {
    await gate;
    if (isFailing) throw new StorageError('the disk is full');
    return store.rooms.append(...args);
  };
  return {
    store: { ...store, rooms: { ...store.rooms, append } } satisfies Store,
    hold() {
      ({ promise: gate, resolve: open } = Promise.withResolvers<void>());
    },
    fail() {
      isFailing = true;
    },
    release() {
      isFailing = false;
      open();
    },
  };
}
