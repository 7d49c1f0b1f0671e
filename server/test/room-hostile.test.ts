import { encodeState, NO_STAMP } from '@breakwater/crdt';
import * as encoding from 'lib0/encoding';
import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { notes } from './hub-world.ts';
import { noteDefinitions } from './note-definitions.ts';
import { insert, update as updateOf, withContent } from './note-writes.ts';
import { createRoomWorld, type Editor, freeRoom, noteRoom, type RoomWorld } from './room-world.ts';

const EDITS = 100;

/** What an attacker sends, and whether its room is closed to it for that. */
const attacks: readonly (readonly [
  name: string,
  closes: boolean,
  send: (attacker: Editor, victim: Editor) => unknown,
])[] = [
  ['a struct under the id of the victim', false, (attacker, victim) => attacker.update(forge(victim, 'swallowed'))],
  [
    'a struct under the id of the victim, with one of its own',
    false,
    (attacker, victim) => attacker.update(Y.mergeUpdates([forge(victim, 'a'), ownStruct(5)])),
  ],
  [
    'the id of the victim in its awareness',
    false,
    (attacker, victim) => attacker.aware(entry(victim, 99, '{"evil":1}')),
  ],
  ['the end of the victim in its awareness', false, (attacker, victim) => attacker.aware(entry(victim, 99, 'null'))],
  ['what builds on nothing', false, (attacker) => attacker.update(gapped())],
  ['what builds on nothing, as the answer to step 1', false, (attacker) => attacker.say(step2(gapped()))],
  [
    'deletions of what the victim has not written yet',
    false,
    (attacker, victim) => attacker.update(deletion(victim.doc.clientID, 1, 1_000)),
  ],
  ['an update in format V2', true, (attacker) => attacker.update(Y.encodeStateAsUpdateV2(docWith('x')))],
  ['a client id of more than 32 bits', true, (attacker) => attacker.update(ownStruct(2 ** 32))],
  ['an update cut short', true, (attacker) => attacker.update(Y.encodeStateAsUpdate(docWith('xyz')).slice(0, -3))],
  ['an update with more behind it', true, (attacker) => attacker.update(new Uint8Array([...ownStruct(6), 0]))],
  ['a count without structs', true, (attacker) => attacker.update(bytes(1, 255, 255, 255, 255, 15, 1, 0))],
  ['a message that is none', true, (attacker) => attacker.say(bytes(0, 1, 255))],
  ['an awareness message that is none', true, (attacker) => attacker.say(bytes(1, 3, 5, 1, 1))],
  ['a state vector that is none', true, (attacker) => attacker.say(bytes(0, 0, 2, 9, 9))],
  ['types in a thousand levels', true, (attacker) => attacker.update(nested(1_000))],
  ['a value in ten thousand levels', true, (attacker) => attacker.update(deepValue(10_000))],
  ['a document within the document', true, (attacker) => attacker.update(subdocument())],
  ['a struct between two of different texts', true, (attacker, victim) => attacker.update(between(victim.doc))],
];

describe.each(['document', 'free'] as const)('in a %s room', (kind) => {
  test.each(attacks)("[RU1] the victim's next edits all arrive: %s", async (_name, closes, send) => {
    const { world, victim, attacker, witness } = await scene(kind);
    victim.text.insert(0, 'before');
    await world.settle();
    await send(attacker, victim);
    await world.settle();
    for (let i = 0; i < EDITS; i++) victim.text.insert(victim.text.length, String(i % 10));
    await world.pass(2_000);
    expect(witness.text.toString()).toBe(victim.text.toString());
    expect(victim.closed).toEqual([]);
    expect(witness.states.has(victim.doc.clientID)).toBe(true);
    const late = await world.enter(room(kind));
    expect(late.text.toString()).toBe(victim.text.toString());
    expect(late.doc.store.pendingStructs).toBeNull();
    if (closes) expect(attacker.closed).toEqual([expect.stringMatching(/^4400 /)]);
    else expect(attacker.closed).toEqual([]);
  });
});

test('[RU2] what is refused is neither stored nor sent on', async () => {
  const { world, victim, attacker, witness } = await scene('document');
  victim.text.insert(0, 'before');
  await world.pass(1_000);
  const head = world.store.head('acme', 'notes');
  witness.heard.length = 0;
  await attacker.update(forge(victim, 'evil'));
  await attacker.update(gapped());
  await attacker.say(bytes(0, 2, 1, 9));
  await world.pass(5_000);
  expect(world.store.rooms.unfolded()).toEqual([]);
  expect(world.store.head('acme', 'notes')).toBe(head);
  expect(witness.heard.filter((heard) => heard === 'update')).toEqual([]);
});

test('[RU3] older structs of others may come from anybody, and new ones of whoever is not there', async () => {
  const { world, victim, attacker, witness } = await scene('document');
  victim.text.insert(0, 'mine');
  await world.settle();
  // An import: the whole document, with the structs of somebody who has left long ago.
  const imported = new Y.Doc();
  Y.applyUpdate(imported, Y.encodeStateAsUpdate(victim.doc));
  imported.getText('body').insert(4, ' and theirs');
  await attacker.update(Y.encodeStateAsUpdate(imported));
  await world.settle();
  expect(witness.text.toString()).toBe('mine and theirs');
  expect(attacker.closed).toEqual([]);
});

test('[RU3] the id of one who has left is free', async () => {
  const { world, victim, attacker, witness } = await scene('document');
  victim.text.insert(0, 'mine');
  await world.settle();
  const copy = new Y.Doc();
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(victim.doc));
  copy.clientID = victim.doc.clientID;
  copy.getText('body').insert(4, ', typed offline');
  victim.leave();
  await attacker.update(Y.encodeStateAsUpdate(copy));
  await world.settle();
  expect(witness.text.toString()).toBe('mine, typed offline');
});

test('[RU4] who sends what builds on nothing is asked for everything, and then nothing is missing', async () => {
  const { world, victim, witness } = await scene('document');
  victim.isOffline = true;
  victim.text.insert(0, 'lost on the way');
  victim.isOffline = false;
  victim.text.insert(0, 'seen: ');
  await world.pass(1_000);
  expect(witness.text.toString()).toBe('seen: lost on the way');
});

test('[RU4] at most every second, however often it does so', async () => {
  const { world, attacker } = await scene('document');
  await world.pass(1_000);
  attacker.heard.length = 0;
  attacker.isOffline = true;
  for (let i = 0; i < 50; i++) await attacker.update(gapped());
  expect(attacker.heard).toEqual(['step1']);
  await attacker.say(step2(gapped()));
  for (let i = 0; i < 50; i++) await attacker.update(gapped());
  expect(attacker.heard).toEqual(['step1']);
  await world.pass(1_000);
  expect(attacker.heard).toEqual(['step1', 'step1']);
});

test('[RU5] of an answer to step 1 that has gaps itself, what builds on what is there is taken', async () => {
  const { world, attacker: editor, witness } = await scene('document');
  await world.pass(1_000);
  editor.isOffline = true;
  await editor.update(gapped());
  await editor.say(step2(Y.mergeUpdates([ownStruct(5), gapped()])));
  await world.settle();
  expect(witness.text.toString()).toBe('x');
  expect(witness.doc.store.pendingStructs).toBeNull();
});

test('[RU6] who comes back under the id of its former session, which is half dead, goes on when that is gone', async () => {
  const { world, victim: former, witness } = await scene('document');
  former.text.insert(0, 'before');
  await world.settle();
  former.isOffline = true;
  const doc = new Y.Doc();
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(former.doc));
  doc.clientID = former.doc.clientID;
  const back = await world.enter(noteRoom('a'), { doc, user: 'victim' });
  expect(former.probed).toBe(1);
  doc.getText('body').insert(6, ' and after');
  await world.settle();
  expect(witness.text.toString()).toBe('before');
  former.leave();
  await world.pass(1_000);
  expect(witness.text.toString()).toBe('before and after');
  expect(witness.states.get(doc.clientID)).toMatchObject({ state: '{}' });
  expect(back.closed).toEqual([]);
});

test('[RU7] who says again what it heard of another does not get its id, also when that has left meanwhile', async () => {
  const { world, victim, witness } = await scene('document');
  const state = entry(victim, 0, '{}');
  victim.leave();
  // As y-websocket does with whatever it hears, now and without a state of its own.
  const viewer = await world.enter(noteRoom('a'), { isAware: false, user: 'victim' });
  await viewer.aware();
  await witness.aware(state);
  await viewer.aware(state);
  const back = await world.enter(noteRoom('a'), { doc: victim.doc, user: 'victim' });
  expect(witness.states.get(victim.doc.clientID)?.state).toBe('{}');
  back.text.insert(0, 'mine still');
  await world.settle();
  expect(witness.text.toString()).toBe('mine still');
});

test('[RU8] an awareness state has at most 16 KiB, is an object, and one session has few of them', async () => {
  const { attacker, witness } = await scene('document');
  const before = witness.states.size;
  const own = attacker.doc.clientID;
  const said = witness.states.get(own);
  await attacker.aware({ clientId: own, clock: 5, state: JSON.stringify({ big: 'x'.repeat(17_000) }) });
  await attacker.aware({ clientId: own, clock: 6, state: '"text"' }, { clientId: own, clock: 7, state: '{"broken' });
  expect(said).toMatchObject({ state: '{}' });
  expect(witness.states.get(own)).toEqual(said);
  await attacker.aware(...Array.from({ length: 1_000 }, (_, i) => ({ clientId: i + 1, clock: 0, state: '{}' })));
  expect(witness.states.size).toBeLessThan(before + 10);
});

test('[RU9] a room of a document takes only what its row may hold', async () => {
  for (const write of [
    (doc: Y.Doc) => doc.getMap('body').set('key', 'a'),
    (doc: Y.Doc) => doc.getText('body').insert(0, 'a', { bold: true }),
    (doc: Y.Doc) => doc.getArray('body').insert(0, ['a']),
    (doc: Y.Doc) => doc.getText('steps').insert(0, 'a'),
    (doc: Y.Doc) => doc.getArray('tags').insert(0, ['a']),
    (doc: Y.Doc) => doc.getText('elsewhere').insert(0, 'a'),
    (doc: Y.Doc) => doc.getArray('steps').insert(0, [new Y.Map()]),
  ]) {
    const { world, attacker } = await scene('document', true);
    const doc = new Y.Doc();
    write(doc);
    await attacker.update(Y.encodeStateAsUpdate(doc));
    await world.pass(1_000);
    expect(attacker.closed, write.toString()).toEqual([expect.stringMatching(/^4400 /)]);
    expect(world.stateOf('a').rich).toBeUndefined();
  }
});

test('[RU9] and all of that', async () => {
  const { world, attacker: editor, witness } = await scene('document', true);
  editor.text.insert(0, 'a');
  editor.text.insert(1, 'b');
  editor.doc.getArray('steps').insert(0, ['one', 'two']);
  editor.doc.getMap('tags').set('"x"', true);
  editor.doc.getMap('tags').set('"x"', true);
  await world.settle();
  expect(editor.closed).toEqual([]);
  expect(witness.doc.getArray('steps').toJSON()).toEqual(['one', 'two']);
});

test('[RU10] a push cannot write under the id of who types: it is asked for in full until that has come', async () => {
  const { world, victim, witness } = await scene('document');
  victim.text.insert(0, 'before');
  await world.pass(1_000);
  const pushed = updateOf('a', {}, forge(victim, 'evil'));
  const answer = await world.join('acme', ['acme'], 'attacker').push(notes(pushed));
  expect(answer).toMatchObject({ groups: [{ results: [{ kind: 'send-full' }] }] });
  victim.text.insert(6, '!');
  await world.settle();
  expect(witness.text.toString()).toBe('before!');
  const whole = withContent(
    { field: 'body', kind: 'text', value: 'before!' },
    { before: Y.encodeStateAsUpdate(victim.doc) },
  );
  const bytesOfWhole = encodeState({ generation: NO_STAMP, registers: new Map(), partial: true, rich: whole });
  const relayed = await world.join().push(notes({ id: 'a', seq: 0, base: 0, deleted: false, bytes: bytesOfWhole }));
  expect(relayed).toMatchObject({ groups: [{ results: [{ kind: 'stored' }] }] });
});

test('[RU11] under the id of one who types its own session may push, and others once that has left', async () => {
  const world = createRoomWorld();
  const writer = world.join();
  await writer.push(notes(insert('a', {})));
  const editor = await world.enter(noteRoom('a'), { session: writer.peer });
  const copy = new Y.Doc();
  copy.clientID = editor.doc.clientID;
  const write = (letter: string) => {
    copy.getText('body').insert(0, letter);
    return notes(updateOf('a', {}, Y.encodeStateAsUpdate(copy)));
  };
  expect(await writer.push(write('x'))).toMatchObject({ groups: [{ results: [{ kind: 'stored' }] }] });
  const other = world.join('acme', ['acme'], 'other');
  expect(await other.push(write('y'))).toMatchObject({ groups: [{ results: [{ kind: 'send-full' }] }] });
  editor.leave();
  expect(await other.push(write('z'))).toMatchObject({ groups: [{ results: [{ kind: 'stored' }] }] });
});

const room = (kind: 'document' | 'free') => (kind === 'document' ? noteRoom('a', NO_STAMP) : freeRoom('lobby'));

async function scene(kind: 'document' | 'free', isDefined = false) {
  const world: RoomWorld = createRoomWorld(isDefined ? { collections: noteDefinitions } : {});
  if (kind === 'document') await world.join().push(notes(insert('a', {})));
  const victim = await world.enter(room(kind), { user: 'victim' });
  const attacker = await world.enter(room(kind), { user: 'attacker' });
  const witness = await world.enter(room(kind), { user: 'witness' });
  return { world, victim, attacker, witness };
}

/** What the victim's next edit would look like, with other content. */
function forge(victim: Editor, content: string): Uint8Array {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(victim.doc));
  const before = Y.encodeStateVector(doc);
  doc.clientID = victim.doc.clientID;
  doc.getText('body').insert(0, content);
  return Y.encodeStateAsUpdate(doc, before);
}

function docWith(text: string): Y.Doc {
  const doc = new Y.Doc();
  doc.getText('body').insert(0, text);
  return doc;
}

function ownStruct(clientId: number): Uint8Array {
  const doc = new Y.Doc();
  doc.clientID = clientId;
  doc.getText('body').insert(0, 'x');
  return Y.encodeStateAsUpdate(doc);
}

/** The second half of something. */
function gapped(): Uint8Array {
  const doc = docWith('first');
  const before = Y.encodeStateVector(doc);
  doc.getText('body').insert(5, 'second');
  return Y.encodeStateAsUpdate(doc, before);
}

function nested(levels: number): Uint8Array {
  const doc = new Y.Doc();
  let map = doc.getMap('deep');
  for (let i = 0; i < levels; i++) map = map.set('in', new Y.Map());
  return Y.encodeStateAsUpdate(doc);
}

/** One struct with a value that is an array in an array in an array: written by hand, for no writer goes so deep. */
function deepValue(levels: number): Uint8Array {
  const encoder = encoding.createEncoder();
  for (const number of [1, 1, 5, 0, 8, 1]) encoding.writeVarUint(encoder, number);
  encoding.writeVarString(encoder, 'steps');
  encoding.writeVarUint(encoder, 1);
  for (let i = 0; i < levels; i++) {
    encoding.writeUint8(encoder, 117);
    encoding.writeVarUint(encoder, 1);
  }
  encoding.writeUint8(encoder, 126);
  encoding.writeVarUint(encoder, 0);
  return encoding.toUint8Array(encoder);
}

function subdocument(): Uint8Array {
  const doc = new Y.Doc();
  doc.getMap('docs').set('one', new Y.Doc());
  return Y.encodeStateAsUpdate(doc);
}

/** A struct with its left neighbour in one text and its right one in another. */
function between(doc: Y.Doc): Uint8Array {
  const own = new Y.Doc();
  own.clientID = 7;
  own.getText('other').insert(0, 'o');
  const encoder = encoding.createEncoder();
  const { clientID } = doc;
  for (const number of [1, 2, 7, 0]) encoding.writeVarUint(encoder, number);
  // The first: 'o' in the text `other`. The second: between the first letter of `body` and that.
  for (const number of [4, 1]) encoding.writeVarUint(encoder, number);
  encoding.writeVarString(encoder, 'other');
  encoding.writeVarString(encoder, 'o');
  encoding.writeUint8(encoder, 4 | 128 | 64);
  for (const number of [clientID, 0, 7, 0]) encoding.writeVarUint(encoder, number);
  encoding.writeVarString(encoder, 'between');
  encoding.writeVarUint(encoder, 0);
  return encoding.toUint8Array(encoder);
}

function deletion(client: number, clock: number, length: number): Uint8Array {
  const encoder = encoding.createEncoder();
  for (const number of [0, 1, client, 1, clock, length]) encoding.writeVarUint(encoder, number);
  return encoding.toUint8Array(encoder);
}

function step2(update: Uint8Array): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, 0);
  encoding.writeVarUint(encoder, 1);
  encoding.writeVarUint8Array(encoder, update);
  return encoding.toUint8Array(encoder);
}

function entry({ doc }: Editor, clock: number, state: string) {
  return { clientId: doc.clientID, clock, state };
}

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}
