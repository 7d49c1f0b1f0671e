import { NO_STAMP } from '@breakwater/crdt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { virtualWebSocket } from '../src/live/virtual-socket.ts';
import { createMemoryRoom, type MemoryRoom } from './memory-room.ts';

let room: MemoryRoom;
let doc: Y.Doc;
let provider: WebsocketProvider;

beforeEach(() => {
  room = createMemoryRoom();
  doc = new Y.Doc();
  provider = new WebsocketProvider('breakwater:', 'notes/a', doc, {
    WebSocketPolyfill: virtualWebSocket((ears) =>
      room.join({ collection: 'notes', id: 'a', generation: NO_STAMP }, ears),
    ),
    disableBc: true,
  });
});

afterEach(() => {
  provider.destroy();
  provider.awareness.destroy();
});

const isSynced = (wanted: boolean) => expect.poll(() => provider.synced).toBe(wanted);

describe('the provider of y-websocket on a virtual socket', () => {
  it('[LE3] waits without a failure until there is a link, then is in step', async () => {
    doc.getText('body').insert(0, 'here');
    room.doc.getText('body').insert(0, 'there');
    expect(provider.wsconnecting).toBe(true);
    expect(provider.wsUnsuccessfulReconnects).toBe(0);
    room.connect();
    await isSynced(true);
    expect(doc.getText('body').toString()).toBe(room.doc.getText('body').toString());
    expect([...doc.getText('body').toString()].sort().join('')).toBe('eeeehhrrt');
  });

  it('[LE3] after a lost link waits for the next one with one socket, and sends what was typed meanwhile', async () => {
    room.connect();
    await isSynced(true);
    room.cut();
    expect(provider.synced).toBe(false);
    await expect.poll(() => room.seats).toBe(1);
    doc.getText('body').insert(0, 'typed offline');
    room.connect();
    await isSynced(true);
    expect(room.doc.getText('body').toString()).toBe('typed offline');
    expect(provider.wsUnsuccessfulReconnects).toBe(0);
  });

  it('[LE3] passes on what each side types', async () => {
    room.connect();
    await isSynced(true);
    doc.getText('body').insert(0, 'ab');
    room.doc.getText('body').insert(1, '-');
    expect([doc, room.doc].map((each) => each.getText('body').toString())).toEqual(['a-b', 'a-b']);
  });

  it('[LE3] a code that forbids stops it for good', async () => {
    const closed = new Promise((resolve) => provider.on('closed', resolve));
    room.connect();
    await isSynced(true);
    room.close(4403, 'not yours');
    expect(await closed).toEqual({ code: 4403, reason: 'not yours' });
    expect(provider.shouldConnect).toBe(false);
  });

  it('[LE3] leaves the room when it is destroyed', async () => {
    room.connect();
    await isSynced(true);
    provider.destroy();
    expect(room.seats).toBe(0);
  });
});
