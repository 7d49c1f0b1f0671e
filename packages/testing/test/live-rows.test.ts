import type { LiveEnd } from '@breakwater/client';
import { createLocalRows } from '@breakwater/client/sync';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { findNote, inspectNote, openNote, showsBody } from '../src/live-helpers.ts';
import {
  asRxCollection,
  endAll,
  openWorldClient,
  startWorldServer,
  type WorldClient,
  type WorldServer,
} from '../src/world.ts';

let server: WorldServer;
const clients: WorldClient[] = [];

beforeEach(async () => {
  server = await startWorldServer();
});

afterEach(async () => {
  await endAll(clients.splice(0));
  await server.end();
});

async function openClient(name: string, isPaused = false): Promise<WorldClient> {
  const client = await openWorldClient({ name, url: server.url, random: Math.random, storage: getRxStorageMemory() });
  clients.push(client);
  if (isPaused) client.sync.pause();
  return client;
}

const shown = async (client: WorldClient) => (await findNote(client)).body;

/** The Yjs client ids that have written something of what the row holds. */
async function writersOf(client: WorldClient): Promise<number[]> {
  const { state } = await inspectNote(client);
  return Y.decodeUpdate(state.rich ?? new Uint8Array()).structs.map(({ id }) => id.client);
}

describe('an open document and its row', () => {
  it('[LE1] opens what the document shows, without a network', async () => {
    const device = await openClient('device', true);
    await device.notes.insert({ id: 'a', title: 'Hull', body: 'Low tide' });
    const live = await openNote(device);
    expect(live.text('body').toString()).toBe('Low tide');
    expect(live.status).toBe('offline');
  });

  it('[LE1] says what cannot be opened, and what is no text', async () => {
    const device = await openClient('device', true);
    await device.notes.insert({ id: 'a', title: 'Hull' });
    const found = await findNote(device);
    const live = await openNote(device);
    expect(() => live.text('title')).toThrow("notes: 'title' does not merge as text");
    await live.close();
    await found.remove();
    await expect(device.sync.open(found)).rejects.toThrow("notes: there is no document 'a' to open");
  });

  it('[LE6] what is typed is in the row soon, as it was typed and pending', async () => {
    const device = await openClient('device', true);
    await device.notes.insert({ id: 'a', title: 'Hull', body: 'Low' });
    const live = await openNote(device);
    live.text('body').insert(3, ' tide');
    await showsBody(device, 'Low tide');
    expect((await inspectNote(device)).pending).toContain('body');
    expect(await writersOf(device)).toContain(live.doc.clientID);
  });

  it('[LE6] and at once when it is flushed, closed, or replication ends', async () => {
    const device = await openClient('device', true);
    await device.notes.insert({ id: 'a', title: 'Hull', body: '' });
    const live = await openNote(device);
    live.text('body').insert(0, 'one');
    await live.flush();
    expect(await shown(device)).toBe('one');
    live.text('body').insert(3, ' two');
    await live.close();
    expect(await shown(device)).toBe('one two');
    const again = await openNote(device);
    again.text('body').insert(7, ' three');
    await device.sync.cancel();
    expect(await again.closed).toMatchObject({ reason: 'ended' } satisfies Partial<LiveEnd>);
    expect(await shown(device)).toBe('one two three');
  });

  it('[LE5] opened twice it is one document, which the last one closes', async () => {
    const device = await openClient('device', true);
    await device.notes.insert({ id: 'a', title: 'Hull', body: '' });
    const [first, second] = await Promise.all([openNote(device), openNote(device)]);
    expect(second.doc).toBe(first.doc);
    await first.close();
    expect([first.status, second.status]).toEqual(['closed', 'offline']);
    second.text('body').insert(0, 'still open');
    await second.close();
    expect(await second.closed).toMatchObject({ reason: 'closed' });
    expect(await shown(device)).toBe('still open');
    expect((await openNote(device)).doc).not.toBe(first.doc);
  });

  it('[LE9] a plain patch comes into the open document as the smallest edit', async () => {
    const device = await openClient('device', true);
    await device.notes.insert({ id: 'a', title: 'Hull', body: 'Low tide at noon' });
    const live = await openNote(device);
    const text = live.text('body');
    const cursor = Y.createRelativePositionFromTypeIndex(text, 'Low tide'.length);
    await (await findNote(device)).patch({ body: 'Very low tide at noon' });
    await expect.poll(() => text.toString()).toBe('Very low tide at noon');
    expect(Y.createAbsolutePositionFromRelativePosition(cursor, live.doc)?.index).toBe('Very low tide'.length);
  });

  it('[LE9] a plain patch and typing at once both stay', async () => {
    const device = await openClient('device', true);
    await device.notes.insert({ id: 'a', title: 'Hull', body: 'one three' });
    const live = await openNote(device);
    live.text('body').insert(3, ' two');
    await (await findNote(device)).patch({ body: 'one three four' });
    await expect.poll(() => live.text('body').toString()).toBe('one two three four');
    await showsBody(device, 'one two three four');
  });

  it('[LE10] when the row goes back it closes; what was refused is gone, what was typed since is typed again', async () => {
    const device = await openClient('device', true);
    await device.notes.insert({ id: 'a', title: 'Hull', body: 'Low' });
    const rows = createLocalRows(asRxCollection(device.notes));
    const [before] = await rows.read(['a']);
    const live = await openNote(device);
    live.text('body').insert(3, ' tide');
    await live.flush();
    const [pushed] = await rows.read(['a']);
    live.text('body').insert(8, ' at noon');
    if (before === undefined || pushed === undefined) throw new Error('there is no row');
    await rows.replace([{ id: 'a', server: { id: 'a', seq: 1, state: before.state }, pushed }], async () => {});
    expect(await live.closed).toMatchObject({ reason: 'set-back' });
    await showsBody(device, 'Low at noon');
    expect(await writersOf(device)).not.toContain(live.doc.clientID);
    const again = await openNote(device);
    expect(again.text('body').toString()).toBe('Low at noon');
    again.text('body').insert(0, 'Very ');
    await again.close();
    expect(await shown(device)).toBe('Very Low at noon');
    expect(await writersOf(device)).not.toContain(live.doc.clientID);
  });

  it('[LE10] what is typed while the row goes back is there once, whichever comes first', async () => {
    const device = await openClient('device', true);
    await device.notes.insert({ id: 'a', title: 'Hull', body: 'Low' });
    const rows = createLocalRows(asRxCollection(device.notes));
    const [before] = await rows.read(['a']);
    if (before === undefined) throw new Error('there is no row');
    const live = await openNote(device);
    const server = { id: 'a', seq: 1, state: before.state };
    const back = rows.replace([{ id: 'a', server, pushed: before }], async () => {});
    live.text('body').insert(3, ' tide');
    await Promise.all([back, live.flush()]);
    expect(await live.closed).toMatchObject({ reason: 'set-back' });
    await showsBody(device, 'Low tide');
    expect(await writersOf(device)).not.toContain(live.doc.clientID);
  });

  it('[LE11] deletion closes it; what was typed last is kept in what is left of the document', async () => {
    const device = await openClient('device', true);
    await device.notes.insert({ id: 'a', title: 'Hull', body: 'Low' });
    const live = await openNote(device);
    live.text('body').insert(3, ' tide');
    await (await findNote(device)).remove();
    expect(await live.closed).toMatchObject({ reason: 'deleted' });
    expect(live.text('body').toString()).toBe('Low tide');
    const { state } = await inspectNote(device);
    const left = new Y.Doc();
    Y.applyUpdate(left, state.rich ?? new Uint8Array());
    expect(left.getText('body').toString()).toBe('Low tide');
  });

  it('[LE12] undo takes back what was typed here and nothing else', async () => {
    const device = await openClient('device', true);
    await device.notes.insert({ id: 'a', title: 'Hull', body: 'one' });
    const live = await openNote(device);
    const undo = live.undoManager('body');
    live.text('body').insert(3, ' two');
    await (await findNote(device)).patch({ body: 'zero one' });
    await expect.poll(() => live.text('body').toString()).toBe('zero one two');
    undo.undo();
    expect(live.text('body').toString()).toBe('zero one');
    undo.redo();
    await showsBody(device, 'zero one two');
  });

  it('[LE16] a text with formatting is closed, its characters stay', async () => {
    const device = await openClient('device', true);
    await device.notes.insert({ id: 'a', title: 'Hull', body: 'Low tide' });
    const live = await openNote(device);
    live.text('body').insert(8, ' at noon', { bold: true });
    expect(await live.closed).toMatchObject({ reason: 'unsupported' });
    expect(await shown(device)).toBe('Low tide at noon');
  });
});
