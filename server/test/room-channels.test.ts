import type { DownMessage, UpMessage } from '@breakwater/protocol';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { MAX_CHANNELS } from '../src/rooms/room-channels.ts';
import { encodeStep1, encodeUpdate } from '../src/rooms/y-message.ts';
import { createHubWorld, notes, rowOf } from './hub-world.ts';
import { createSessionWorld } from './session-world.ts';

const free = { kind: 'free', name: 'lobby' } as const;
const step1 = encodeStep1(Y.encodeStateVector(new Y.Doc()));

test('[RM30] a room is a channel of the session: opened, then data both ways', async () => {
  const { socket, settle } = await live();
  socket.hear({ type: 'room-open', channel: 7, room: free });
  socket.hear({ type: 'room-data', channel: 7, bytes: step1 });
  await settle();
  expect(socket.sent).toMatchObject([
    { type: 'room-opened', channel: 7, readOnly: false },
    { type: 'room-data', channel: 7, bytes: step1 },
    { type: 'room-data', channel: 7 },
  ]);
});

test('[RM30] two channels of one session meet in a room, and what one writes the other has', async () => {
  const { socket, settle } = await live();
  const doc = new Y.Doc();
  doc.getText('t').insert(0, 'x');
  for (const channel of [1, 2]) socket.hear({ type: 'room-open', channel, room: free });
  socket.hear({ type: 'room-data', channel: 1, bytes: encodeUpdate(Y.encodeStateAsUpdate(doc)) });
  await settle();
  expect(socket.sent.at(-1)).toMatchObject({ type: 'room-data', channel: 2 });
});

test('[RM31] a room that cannot be opened is closed with its code, and the session goes on', async () => {
  const { socket, settle } = await live();
  const room = { kind: 'document', collection: 'notes', id: 'a', generation: '' } as const;
  socket.hear({ type: 'room-open', channel: 1, room });
  socket.hear({ type: 'ping', request: 1 });
  await settle();
  expect(socket.sent).toMatchObject([{ type: 'room-closed', channel: 1, code: 4404 }, { type: 'pong' }]);
});

test('[RM32] data of a channel that is not open is ignored, and a channel that is open cannot be opened', async () => {
  const { socket, settle } = await live();
  socket.hear({ type: 'room-data', channel: 9, bytes: step1 });
  socket.hear({ type: 'room-open', channel: 1, room: free });
  await settle();
  socket.hear({ type: 'room-open', channel: 1, room: free });
  await settle();
  expect(socket.events.at(-1)).toBe('close 1007 the channel 1 is open already');
});

test('[RM33] a session has at most 100 rooms open', async () => {
  const { socket, settle } = await live();
  const open = (channel: number): UpMessage => ({
    type: 'room-open',
    channel,
    room: { kind: 'free', name: `r${channel}` },
  });
  for (let channel = 1; channel <= MAX_CHANNELS + 1; channel++) socket.hear(open(channel));
  await settle();
  await settle();
  const closed = () => socket.sent.filter(({ type }) => type === 'room-closed');
  await expect.poll(closed).toMatchObject([{ channel: MAX_CHANNELS + 1, code: 1013 }]);
  socket.hear({ type: 'room-close', channel: 1 });
  socket.hear(open(MAX_CHANNELS + 2));
  await expect.poll(() => socket.sent.at(-2)).toMatchObject({ type: 'room-opened', channel: MAX_CHANNELS + 2 });
  expect(MAX_CHANNELS).toBe(100);
});

test('[RM34] when the session ends it has left its rooms, and others do not see it any more', async () => {
  const hub = createHubWorld();
  const [one, two] = [await live(hub), await live(hub)];
  const aware = Uint8Array.of(1, 7, 1, 5, 0, 2, 123, 125);
  for (const { socket } of [one, two]) socket.hear({ type: 'room-open', channel: 1, room: free });
  two.socket.hear({ type: 'room-data', channel: 1, bytes: Uint8Array.of(1, 1, 0) });
  one.socket.hear({ type: 'room-data', channel: 1, bytes: Uint8Array.from([1, 6, ...aware.slice(2)]) });
  await one.settle();
  await two.settle();
  expect(bytesOf(two.socket.sent.at(-1))).toEqual([1, 6, 1, 5, 2, 2, 123, 125]);
  one.socket.emit('close');
  await two.settle();
  expect(bytesOf(two.socket.sent.at(-1))).toEqual([1, 8, 1, 5, 2, 4, 110, 117, 108, 108]);
});

test('[RM35] a session that does not read gets no room data, and what it missed when it does', async () => {
  const hub = createHubWorld();
  const [slow, other] = [await live(hub), await live(hub)];
  for (const { socket } of [slow, other]) socket.hear({ type: 'room-open', channel: 1, room: free });
  await slow.settle();
  const doc = new Y.Doc();
  doc.on('update', (update: Uint8Array) => {
    other.socket.hear({ type: 'room-data', channel: 1, bytes: encodeUpdate(update) });
  });
  await hub
    .join('default')
    .push(notes(...Array.from({ length: 30 }, (_, i) => rowOf(`n${i}`, { text: 'x'.repeat(50_000) }))));
  slow.socket.isStuck = true;
  for (let i = 0; i < 30; i++) slow.socket.hear({ type: 'get', request: i + 1, collection: 'notes', id: `n${i}` });
  await expect.poll(() => slow.socket.bufferedAmount).toBeGreaterThan(1024 * 1024);
  const before = slow.socket.sent.length;
  for (let i = 0; i < 20; i++) doc.getText('t').insert(0, 'y');
  await other.settle();
  expect(slow.socket.sent.slice(before)).toEqual([]);
  slow.socket.flush();
  const roomData = () => slow.socket.sent.slice(before).filter(({ type }) => type === 'room-data');
  await expect.poll(roomData).toHaveLength(1);
  const copy = new Y.Doc();
  const [message] = roomData();
  Y.applyUpdate(copy, Uint8Array.from(bytesOf(message)).slice(2 + lengthBytes(message)));
  expect(copy.getText('t').toString()).toBe('y'.repeat(20));
});

async function live(hub = createHubWorld()) {
  const world = createSessionWorld({ hub });
  await world.goLive();
  world.socket.sent.length = 0;
  return world;
}

function bytesOf(message: DownMessage | undefined): number[] {
  return message?.type === 'room-data' ? [...message.bytes] : [];
}

/** Of the number of bytes that stands before an update. */
function lengthBytes(message: DownMessage | undefined): number {
  return (bytesOf(message)[2] ?? 0) < 128 ? 1 : 2;
}
