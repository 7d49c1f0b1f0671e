import process from 'node:process';
import { up } from '@breakwater/protocol';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findNote, inspectNote, isLive, openNote, showsBody, showsText } from '../src/live-helpers.ts';
import { endAll, openWorldClient, startWorldServer, type WorldClient, type WorldServer } from '../src/world.ts';
import { judgeWorld } from '../src/world-judge.ts';

let server: WorldServer;
let ada: WorldClient;
let bo: WorldClient;
const clients: WorldClient[] = [];

// The provider listens for the end of the process, once for each document that is open.
process.setMaxListeners(200);

beforeEach(async () => {
  server = await startWorldServer();
  [ada, bo] = [await openClient('ada'), await openClient('bo')];
});

afterEach(async () => {
  await endAll(clients.splice(0));
  await server.end();
});

async function openClient(name: string, token = ''): Promise<WorldClient> {
  const device = { name, url: server.url, random: Math.random, storage: getRxStorageMemory() };
  const client = await openWorldClient({ ...device, token: () => token });
  clients.push(client);
  return client;
}

/** Both have the note open, and are in its room. */
async function openBoth(body = '') {
  await ada.notes.insert({ id: 'a', title: 'Log', body });
  const opened = [await openNote(ada), await openNote(bo)] as const;
  await Promise.all(opened.map(isLive));
  return opened;
}

describe('two devices in one document', () => {
  it('[LE2] see each other type before the row has it, and who they are', async () => {
    const [left, right] = await openBoth('Low ');
    left.awareness.setLocalStateField('user', { name: 'Ada' });
    await expect
      .poll(() => right.awareness.getStates().get(left.doc.clientID))
      .toMatchObject({ user: { name: 'Ada' } });
    const head = server.store.head('default', 'notes');
    left.text('body').insert(4, 'tide');
    await showsText(right, 'Low tide');
    expect(server.store.head('default', 'notes')).toBe(head);
    right.text('body').insert(8, '!');
    await showsText(left, 'Low tide!');
    await left.close();
    await expect.poll(() => right.awareness.getStates().has(left.doc.clientID)).toBe(false);
  });

  it('[LE8] whoever only looks on writes nothing into the row: it comes from the server', async () => {
    const [left, right] = await openBoth();
    left.text('body').insert(0, 'Herons on the wall');
    await showsText(right, 'Herons on the wall');
    await right.flush();
    expect((await inspectNote(bo)).pending).toEqual([]);
    await showsBody(bo, 'Herons on the wall');
    expect((await inspectNote(bo)).pending).toEqual([]);
  });

  it('[LE8] what is typed on top of what the row lacks takes it along', async () => {
    const [left, right] = await openBoth();
    left.text('body').insert(0, 'one two');
    await showsText(right, 'one two');
    // Before the server has written the first into the row.
    right.text('body').insert(3, ' and');
    await right.flush();
    expect((await findNote(bo)).body).toBe('one and two');
    await showsBody(ada, 'one and two');
    expect(await judgeWorld(server, [ada, bo])).toEqual([]);
  });

  it('[LE6] what the server has from the room already takes no seq', async () => {
    const [left, right] = await openBoth();
    left.text('body').insert(0, 'Low tide');
    await showsBody(bo, 'Low tide');
    await Promise.all([left, right].map((each) => each.close()));
    await Promise.all([ada, bo].map(({ sync }) => sync.awaitInSync()));
    const head = server.store.head('default', 'notes');
    await findNote(ada).then((note) => note.incrementalPatch({ title: 'Logbook' }));
    expect(await judgeWorld(server, [ada, bo])).toEqual([]);
    expect(server.store.head('default', 'notes')).toBe(head + 1);
  });

  it('[LE3] type on without a link, and heal', async () => {
    const [left, right] = await openBoth('middle');
    for (const { sync } of [ada, bo]) sync.pause();
    await expect.poll(() => [left.status, right.status]).toEqual(['offline', 'offline']);
    left.text('body').insert(0, 'first ');
    right.text('body').insert(6, ' last');
    for (const { sync } of [ada, bo]) sync.start();
    await Promise.all([left, right].map((each) => showsText(each, 'first middle last')));
    await Promise.all([left, right].map(isLive));
    await Promise.all([left, right].map((each) => each.flush()));
    expect(await judgeWorld(server, [ada, bo])).toEqual([]);
    expect(left.text('body').toString()).toBe('first middle last');
  });

  it('[LE3] and over links that are cut again and again', async () => {
    const [left, right] = await openBoth();
    for (let i = 0; i < 20; i++) {
      const [live, client] = i % 2 === 0 ? ([left, ada] as const) : ([right, bo] as const);
      live.text('body').insert(live.text('body').length, `${i},`);
      if (i % 4 === 3) client.sockets.cut();
      await new Promise((resolve) => setImmediate(resolve));
    }
    const typed = Array.from({ length: 20 }, (_, i) => `${i}`).sort();
    const words = () => [left, right].map((each) => each.text('body').toString().split(',').filter(Boolean).sort());
    await expect.poll(words, { timeout: 20_000 }).toEqual([typed, typed]);
    await Promise.all([left, right].map((each) => each.flush()));
    expect(await judgeWorld(server, [ada, bo])).toEqual([]);
  });

  it('[LE4] fifty of them at once, over one socket', async () => {
    await Promise.all([ada, bo].map(({ sync }) => sync.awaitInSync()));
    let sockets = 0;
    for (const client of [ada, bo]) {
      client.sockets.onSend = (frame) => {
        if (up.decode(frame)?.type === 'connect') sockets++;
      };
    }
    const ids = Array.from({ length: 50 }, (_, i) => `n${i}`);
    await ada.notes.bulkInsert(ids.map((id) => ({ id, title: id, body: id })));
    const opened = await Promise.all(ids.map(async (id) => [await openNote(ada, id), await openNote(bo, id)] as const));
    await Promise.all(opened.flat().map(isLive));
    for (const [i, [left, right]] of opened.entries()) (i % 2 === 0 ? left : right).text('body').insert(0, '> ');
    await Promise.all(opened.flatMap(([left, right], i) => [left, right].map((each) => showsText(each, `> n${i}`))));
    await Promise.all(opened.flat().map((each) => each.close()));
    await Promise.all([ada, bo].map(({ sync }) => sync.awaitInSync()));
    expect(sockets).toBe(0);
    expect(await judgeWorld(server, [ada, bo])).toEqual([]);
  });

  it('[LE14] a restart of the server loses nothing', async () => {
    const [left, right] = await openBoth();
    left.text('body').insert(0, 'before ');
    await showsText(right, 'before ');
    await server.restart(async () => {
      right.text('body').insert(7, 'meanwhile ');
    });
    left.text('body').insert(0, 'Log: ');
    await Promise.all([left, right].map((each) => showsText(each, 'Log: before meanwhile ')));
    await Promise.all([left, right].map((each) => each.close()));
    expect(await judgeWorld(server, [ada, bo])).toEqual([]);
    expect((await findNote(bo)).body).toBe('Log: before meanwhile ');
  });

  it('[LE7] what was typed offline goes up from the next tab when the first has crashed', async () => {
    const databaseName = `live-${crypto.randomUUID()}`;
    const openTab = async (number: number) => {
      const device = { name: `tab ${number}`, url: server.url, random: Math.random, storage: getRxStorageMemory() };
      const tab = await openWorldClient({ ...device, tab: { databaseName, number } });
      clients.push(tab);
      return tab;
    };
    const first = await openTab(0);
    await first.notes.insert({ id: 'a', title: 'Log', body: 'Low' });
    await first.sync.awaitInSync();
    // From here on it says nothing to anybody, and it never closes anything.
    first.sync.pause();
    const live = await openNote(first);
    live.text('body').insert(3, ' tide');
    await showsBody(first, 'Low tide');
    const next = await openTab(1);
    const again = await openNote(next);
    expect(again.text('body').toString()).toBe('Low tide');
    await showsText(await openNote(ada), 'Low tide');
  });

  it('[LE9] a plain patch on the other device comes into the open document', async () => {
    const [left] = await openBoth('Low tide at noon');
    left.text('body').insert(0, 'Tuesday. ');
    await (await findNote(bo)).incrementalPatch({ title: 'Logbook' });
    await (await findNote(bo)).incrementalModify((note) => ({ ...note, body: `${note.body}, says Bo` }));
    await showsText(left, 'Tuesday. Low tide at noon, says Bo');
  });

  it('[LE10] who may only read hears of it, and nothing of what they type is lost', async () => {
    await server.end();
    server = await startWorldServer({
      authenticate: async (token) => ({ tenant: 'default', user: token, labels: ['default'] }),
      authorize: ({ user }) => user === 'ada' || 'guests only read',
    });
    const [host, guest] = [await openClient('ada', 'ada'), await openClient('guest', 'guest')];
    await host.notes.insert({ id: 'a', title: 'Log', body: 'Low tide' });
    const [left, right] = [await openNote(host), await openNote(guest)];
    await Promise.all([left, right].map(isLive));
    expect([left.isReadOnly, right.isReadOnly]).toEqual([false, true]);
    right.text('body').insert(8, ' at noon');
    expect(await right.closed).toMatchObject({ reason: 'set-back' });
    await showsBody(guest, 'Low tide');
    const refused = () => guest.sync.refused;
    await expect.poll(refused).toMatchObject([{ code: 'forbidden', document: { body: 'Low tide at noon' } }]);
    expect(left.text('body').toString()).toBe('Low tide');
    const again = await openNote(guest);
    await isLive(again);
    left.text('body').insert(0, 'Very ');
    await showsText(again, 'Very Low tide');
  });

  it('[LE10] what is too large for the server goes back, the rest stays', async () => {
    const [left, right] = await openBoth('Low tide');
    const errors: string[] = [];
    ada.sync.errors$.subscribe(({ code }) => errors.push(code));
    left.text('body').insert(8, 'x'.repeat(800_000));
    expect(await left.closed).toMatchObject({ reason: 'set-back' });
    await showsBody(ada, 'Low tide');
    expect(errors).toEqual(['room-closed']);
    await expect.poll(() => ada.sync.refused).toMatchObject([{ code: 'too-large' }]);
    const again = await openNote(ada);
    await isLive(again);
    right.text('body').insert(8, '!');
    await showsText(again, 'Low tide!');
  });

  it('[LE11] deleted elsewhere, it closes everywhere', async () => {
    const [left, right] = await openBoth('Low tide');
    await (await findNote(bo)).incrementalRemove();
    const ends = await Promise.all([left.closed, right.closed]);
    expect(ends.map(({ reason }) => reason)).toEqual(['deleted', 'deleted']);
    expect(left.status).toBe('closed');
  });

  it('[LE11] when another one has taken its place the old text does not come back', async () => {
    const [left] = await openBoth('the old one');
    ada.sync.pause();
    await (await findNote(bo)).incrementalRemove();
    await bo.notes.insert({ id: 'a', title: 'Log', body: 'the new one' });
    await bo.sync.awaitInSync();
    left.text('body').insert(0, 'typed into ');
    ada.sync.start();
    expect((await left.closed).reason).toBe('replaced');
    const again = await openNote(ada);
    await isLive(again);
    expect(again.text('body').toString()).toBe('the new one');
    expect(await judgeWorld(server, [ada, bo])).toEqual([]);
  });
});
