import { addRxPlugin } from 'rxdb';
import { RxDBAttachmentsPlugin } from 'rxdb/plugins/attachments';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isLive, openNote } from '../src/live-helpers.ts';
import { endAll, type WorldServer } from '../src/world.ts';
import { idsOf, openReader, type Reader, reconnect, startLabelledServer } from './label-helpers.ts';

addRxPlugin(RxDBAttachmentsPlugin);

let server: WorldServer;
const readers: Reader[] = [];

beforeEach(async () => {
  server = await startLabelledServer();
});

afterEach(async () => {
  await endAll(readers.splice(0));
  await server.end();
});

async function open(name: string, ...labels: string[]): Promise<Reader> {
  const reader = await openReader(server, name, labels);
  readers.push(reader);
  return reader;
}

const find = ({ notes }: Reader, id = 'n') => notes.findOne(id).exec(true);
const shows = (reader: Reader, ids: readonly string[]) => expect.poll(() => idsOf(reader)).toEqual(ids);

async function moveTo(reader: Reader, city: string, id = 'n'): Promise<void> {
  await (await find(reader, id)).incrementalPatch({ place: { city } });
  await reader.sync.awaitInSync();
}

/** A note in `red`, which the boss and the reader have. */
async function shareNote(values: { readonly body?: string; readonly likes?: number; readonly rating?: number } = {}) {
  const [boss, red] = [await open('boss', 'red', 'blue'), await open('rosa', 'red')];
  await boss.notes.insert({ id: 'n', title: 'Hull', place: { city: 'red' }, ...values });
  await boss.sync.awaitInSync();
  await shows(red, ['n']);
  return { boss, red };
}

describe('a row that leaves what a device may read', () => {
  it('[LB30] goes at once, and is back when it may be read again', async () => {
    const { boss, red } = await shareNote({ body: 'low tide' });
    await moveTo(boss, 'blue');
    await shows(red, []);
    const left = await red.notes.storageInstance.findDocumentsById(['n'], true);
    expect(left).toMatchObject([{ id: 'n', _deleted: true, _meta: { breakwater: { stamps: [] } } }]);
    expect(left[0]).not.toHaveProperty('title');
    expect(red.sync.refused).toEqual([]);
    await moveTo(boss, 'red');
    await shows(red, ['n']);
    expect((await find(red)).toJSON()).toMatchObject({ title: 'Hull', body: 'low tide', place: { city: 'red' } });
  });

  it('[LB30] goes also when the device was away meanwhile', async () => {
    const { boss, red } = await shareNote();
    red.sync.pause();
    await moveTo(boss, 'blue');
    await moveTo(boss, 'red');
    await moveTo(boss, 'blue');
    expect(await idsOf(red)).toEqual(['n']);
    await reconnect(red);
    expect(await idsOf(red)).toEqual([]);
  });

  it('[LB30] is not pushed by anybody: an insert of its id is another document, and is refused', async () => {
    const { boss, red } = await shareNote();
    await moveTo(boss, 'blue');
    await shows(red, []);
    const head = server.store.head('default', 'notes');
    await reconnect(red);
    expect(server.store.head('default', 'notes')).toBe(head);
    await red.notes.insert({ id: 'n', title: 'Mine', place: { city: 'red' } });
    await expect.poll(() => red.sync.refused).toMatchObject([{ code: 'forbidden', kind: 'insert' }]);
    expect((await find(boss)).title).toBe('Hull');
  });

  it('[LB31] what its own device moves goes there too, and nothing is refused', async () => {
    const { red } = await shareNote();
    await (await find(red)).incrementalPatch({ place: { city: 'blue' }, rating: 3 });
    await red.notes.insert({ id: 'box', title: 'For blue', place: { city: 'blue' } });
    await red.sync.awaitInSync();
    expect([await idsOf(red), red.sync.refused, red.sync.pending.rows]).toEqual([[], [], 0]);
    const blue = await open('bruno', 'blue');
    await shows(blue, ['box', 'n']);
  });

  it('[LB31] also when the ack of that is lost', async () => {
    const { red } = await shareNote();
    red.sockets.deafen();
    await red.notes.insert({ id: 'box', title: 'For blue', place: { city: 'blue' } });
    await expect.poll(() => server.store.head('default', 'notes')).toBe(2);
    red.sockets.cut();
    await red.sync.awaitInSync();
    expect([await idsOf(red), red.sync.refused]).toEqual([['n'], []]);
  });

  it('[LB32] what the user had changed of it is in the inbox: that, and nothing else of the document', async () => {
    const { boss, red } = await shareNote({ body: 'low tide', likes: 1, rating: 1 });
    red.sync.pause();
    await (await find(red)).incrementalPatch({ rating: 5, body: 'low tide at noon' });
    await moveTo(boss, 'blue');
    await reconnect(red);
    expect(await idsOf(red)).toEqual([]);
    expect(red.sync.refused).toMatchObject([
      {
        code: 'revoked',
        reason: 'the document may not be read here any more',
        kind: 'change',
        fields: ['body', 'rating'],
      },
    ]);
    expect(red.sync.refused[0]?.document).toEqual({ id: 'n', rating: 5, body: 'low tide at noon' });
  });

  it('[LB32] retried it says that the document is not here; once it is, the change is made', async () => {
    const { boss, red } = await shareNote({ body: 'low tide' });
    red.sync.pause();
    await (await find(red)).incrementalPatch({ rating: 5, body: 'low tide at noon' });
    await moveTo(boss, 'blue');
    await reconnect(red);
    await expect(red.sync.refused[0]?.retry()).rejects.toThrow("'n' of 'notes' may not be read here");
    expect(red.sync.refused).toHaveLength(1);
    await (await find(boss)).incrementalPatch({ title: 'Keel' });
    await moveTo(boss, 'red');
    await shows(red, ['n']);
    await red.sync.refused[0]?.retry();
    await reconnect(red, boss);
    expect((await find(boss)).toJSON()).toMatchObject({ title: 'Keel', rating: 5, body: 'low tide at noon' });
    expect(red.sync.refused).toEqual([]);
  });

  it('[LB32] a deletion that was not sent is there too', async () => {
    const { boss, red } = await shareNote();
    red.sync.pause();
    await (await find(red)).remove();
    await moveTo(boss, 'blue');
    await reconnect(red);
    expect(red.sync.refused).toMatchObject([{ code: 'revoked', kind: 'delete', document: { id: 'n' } }]);
    expect((await find(boss)).title).toBe('Hull');
  });

  it('[LB33] its attachments go with it; what was attached and not sent waits in the inbox', async () => {
    const { boss, red } = await shareNote();
    const attachment = (text: string) => ({ id: `${text}.txt`, type: 'text/plain', data: new Blob([text]) });
    await (await find(boss)).putAttachment(attachment('theirs'));
    await boss.sync.awaitInSync();
    await expect.poll(async () => (await find(red)).allAttachments().length).toBe(1);
    const [theirs] = (await find(red)).allAttachments();
    if (theirs === undefined) throw new Error('the attachment has not come');
    // The row may be here before its bytes are on the server.
    expect(await (await red.sync.attachmentData(theirs, { wait: true })).text()).toBe('theirs');
    red.sync.pause();
    await (await find(red)).putAttachment(attachment('mine'));
    await moveTo(boss, 'blue');
    await reconnect(red);
    expect(red.sync.refused).toMatchObject([{ code: 'revoked', fields: ['_attachments.mine%2Etxt'] }]);
    await moveTo(boss, 'red');
    await shows(red, ['n']);
    await red.sync.refused[0]?.retry();
    await reconnect(red, boss);
    const read = async () => (await find(boss)).getAttachment('mine.txt')?.getStringData();
    await expect.poll(() => read().catch(() => undefined)).toBe('mine');
  });

  it('[LB34] is closed where it is open', async () => {
    const { boss, red } = await shareNote({ body: 'low tide' });
    const opened = await openNote(red, 'n');
    await isLive(opened);
    await moveTo(boss, 'blue');
    expect(await opened.closed).toMatchObject({ reason: 'set-back' });
  });
});

describe('a device that reads by other labels than before', () => {
  it('[LB35] gets the older rows of those that it has gained', async () => {
    const { boss, red } = await shareNote();
    await boss.notes.bulkInsert(['b1', 'b2'].map((id) => ({ id, title: id, place: { city: 'blue' } })));
    await boss.sync.awaitInSync();
    red.labels = ['red', 'blue'];
    await reconnect(red);
    expect(await idsOf(red)).toEqual(['b1', 'b2', 'n']);
  });

  it('[LB35] has no more what it cannot read by the others; what was changed of it is in the inbox', async () => {
    const { boss, red } = await shareNote();
    await boss.notes.bulkInsert(['b1', 'b2'].map((id) => ({ id, title: id, place: { city: 'blue' } })));
    await boss.sync.awaitInSync();
    red.sync.pause();
    await (await find(red)).incrementalPatch({ rating: 5 });
    await red.notes.insert({ id: 'new', title: 'New', place: { city: 'blue' } });
    red.labels = ['blue'];
    await reconnect(red);
    expect(await idsOf(red)).toEqual(['b1', 'b2', 'new']);
    expect(red.sync.refused).toMatchObject([{ code: 'revoked', id: 'n', document: { id: 'n', rating: 5 } }]);
    expect((await find(boss)).rating).toBeUndefined();
  });

  it('[LB35] pulls all of it once, and then from its checkpoint again, also after a restart of the app', async () => {
    const { red } = await shareNote();
    red.labels = ['red', 'blue'];
    await reconnect(red);
    await red.reopen();
    let heard = 0;
    red.sockets.onHear = (frame) => {
      heard += frame.length;
    };
    await reconnect(red);
    expect(heard).toBeLessThan(400);
    expect(await idsOf(red)).toEqual(['n']);
  });

  it('[LB35] a token with other labels on the living link makes it come again', async () => {
    const { red, boss } = await shareNote();
    await boss.notes.insert({ id: 'b', title: 'b', place: { city: 'blue' } });
    red.labels = ['blue'];
    red.sockets.cut();
    await shows(red, ['b']);
  });
});
