import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWorldClient, startWorldServer, type WorldClient, type WorldServer } from '../src/world.ts';
import { judgeWorld } from '../src/world-judge.ts';

const MAX_BYTES = 2_000;
const TOO_LONG = 'x'.repeat(MAX_BYTES);

let server: WorldServer;
let a: WorldClient;
let b: WorldClient;

beforeEach(async () => {
  server = await startWorldServer({ limits: { maxRowBytes: MAX_BYTES } });
  [a, b] = [await open('a'), await open('b')];
});

afterEach(async () => {
  await Promise.all([a.end(), b.end()]);
  await server.end();
});

function open(name: string): Promise<WorldClient> {
  return openWorldClient({ name, url: server.url, storage: getRxStorageMemory(), random: Math.random });
}

const find = ({ notes }: WorldClient, id = 'n') => notes.findOne(id).exec(true);

async function shows(client: WorldClient, id = 'n') {
  const { title, rating, body, tags, steps, likes } = await find(client, id);
  return { title, rating, body, tags, steps, likes };
}

async function settle(): Promise<void> {
  expect(await judgeWorld(server, [a, b])).toEqual([]);
}

/** Both have the note; what is written at `a` from here on is refused if it is too long. */
async function share(): Promise<void> {
  await a.notes.insert({ id: 'n', title: 'Hull', body: 'low tide', tags: ['sea'], steps: ['one'], likes: 1 });
  await settle();
}

function refusedAt({ sync }: WorldClient) {
  const [first] = sync.refused;
  if (first === undefined) throw new Error('nothing was refused');
  return first;
}

describe('what the server refuses', () => {
  it('[RF1] a change goes back to what the server holds; what the user had written is in the inbox', async () => {
    await share();
    const note = await find(a);
    await note.patch({ title: TOO_LONG.slice(0, 200), body: TOO_LONG, likes: 5 });
    await settle();
    expect(await shows(a)).toMatchObject({ title: 'Hull', body: 'low tide', likes: 1 });
    expect(refusedAt(a)).toMatchObject({
      collection: 'notes',
      id: 'n',
      code: 'too-large',
      kind: 'change',
      document: { title: TOO_LONG.slice(0, 200), body: TOO_LONG, likes: 5 },
    });
    expect(a.sync.status.state).toBe('live');
  });

  it('[RF1] a document that the server has never had goes; it can be inserted as if it had never been', async () => {
    await a.notes.insert({ id: 'n', title: 'Hull', body: TOO_LONG });
    await settle();
    expect(await a.notes.findOne('n').exec()).toBeNull();
    expect(refusedAt(a)).toMatchObject({ kind: 'insert', document: { id: 'n', title: 'Hull', body: TOO_LONG } });
    b.sync.pause();
    await a.notes.insert({ id: 'n', title: 'Keel', rating: 1 });
    await a.sync.awaitInSync();
    await b.notes.insert({ id: 'n', title: 'Keel', body: 'from b' });
    await settle();
    // Neither of them replaced the other: both are inserts of a new document.
    expect(await shows(a)).toMatchObject({ title: 'Keel', rating: 1, body: 'from b' });
  });

  it('[RF2] one bad document of 100 is refused, the others are stored', async () => {
    const notes = Array.from({ length: 100 }, (_, i) => ({
      id: `n${i}`,
      title: 'Hull',
      body: i === 50 ? TOO_LONG : '',
    }));
    await a.notes.bulkInsert(notes);
    await settle();
    expect(a.sync.refused.map(({ id }) => id)).toEqual(['n50']);
    expect(server.store.head('default', 'notes')).toBe(99);
  });

  it('[RF3] retry makes the same change once more, to the document as it is then', async () => {
    await share();
    await (await find(a)).incrementalModify((note) => ({
      ...note,
      title: 'Mine',
      body: `very ${note.body}${TOO_LONG}`,
      tags: ['boat', ...(note.tags ?? [])],
      likes: 3,
    }));
    await settle();
    await (await find(b)).patch({ body: 'low tide at noon', rating: 4, likes: 2, tags: ['sea', 'sky'] });
    await settle();
    const refused = refusedAt(a);
    await refused.edit({ body: 'shorter' });
    await settle();
    expect(a.sync.refused).toEqual([]);
    expect(await shows(b)).toEqual({
      title: 'Mine',
      rating: 4,
      body: 'shorter',
      tags: ['boat', 'sea', 'sky'],
      steps: ['one'],
      likes: 4,
    });
  });

  it('[RF3] what is refused again is in the inbox again; what is discarded is gone', async () => {
    await share();
    await (await find(a)).patch({ body: TOO_LONG });
    await settle();
    await refusedAt(a).retry();
    await settle();
    expect(a.sync.refused).toHaveLength(1);
    await refusedAt(a).discard();
    expect(a.sync.refused).toEqual([]);
    expect(await shows(a)).toMatchObject({ body: 'low tide' });
  });

  it('[RF3] who asks twice for the same gets it once', async () => {
    await share();
    await (await find(a)).incrementalModify((note) => ({ ...note, body: TOO_LONG, likes: 3 }));
    await settle();
    const refused = refusedAt(a);
    await Promise.all([refused.edit({ body: 'short' }), refused.edit({ body: 'short' })]);
    await refused.retry();
    await settle();
    expect(await shows(b)).toMatchObject({ body: 'short', likes: 3 });
    expect(a.sync.refused).toEqual([]);
  });

  it('[RF5] what is written while the refusal is under way stays, on top of what the server holds', async () => {
    await share();
    const held = a.sockets.hold('got');
    await (await find(a)).patch({ body: `low tide${TOO_LONG}`, steps: ['one', 'two'], likes: 10, title: 'Refused' });
    await held;
    await (await find(a)).incrementalModify((note) => ({
      ...note,
      body: `Very ${note.body}`,
      steps: [...(note.steps ?? []), 'three'],
      likes: (note.likes ?? 0) + 1,
      rating: 4,
    }));
    a.sockets.release();
    await settle();
    expect(await shows(b)).toEqual({
      title: 'Hull',
      rating: 4,
      body: 'Very low tide',
      tags: ['sea'],
      steps: ['one', 'three'],
      likes: 2,
    });
    expect(a.sync.refused).toHaveLength(1);
  });

  it('[RF5] what others write while the refusal is under way stays', async () => {
    await share();
    const held = a.sockets.hold('got');
    await (await find(a)).patch({ body: TOO_LONG, title: 'Refused' });
    await held;
    await (await find(b)).patch({ body: 'high tide', rating: 2 });
    await b.sync.awaitInSync();
    a.sockets.release();
    await settle();
    expect(await shows(a)).toMatchObject({ title: 'Hull', body: 'high tide', rating: 2 });
  });

  it('[RF5] a document that is deleted and inserted anew while it is refused is the new one', async () => {
    const held = a.sockets.hold('got');
    await a.notes.insert({ id: 'n', title: 'Hull', body: TOO_LONG });
    await held;
    await (await find(a)).remove();
    await a.notes.insert({ id: 'n', title: 'Keel', body: 'new' });
    a.sockets.release();
    await settle();
    expect(await shows(b)).toMatchObject({ title: 'Keel', body: 'new' });
  });

  it('[RF6] text that was refused never comes back, and writing goes on under another Yjs id', async () => {
    await share();
    for (const text of ['first', 'second', 'third']) {
      await (await find(a)).incrementalModify((note) => ({ ...note, body: `${note.body}${TOO_LONG}` }));
      await settle();
      await (await find(a)).incrementalModify((note) => ({ ...note, body: `${note.body} ${text}` }));
      await (await find(b)).incrementalModify((note) => ({ ...note, body: `${text} ${note.body}` }));
      await settle();
    }
    expect(await shows(a)).toMatchObject({ body: 'third second first low tide first second third' });
  });

  it('[RF7] a refusal whose link is cut at any point is told again, and kept once', async () => {
    await share();
    for (const cutAfter of [1, 2]) {
      const held = a.sockets.hold('got');
      await (await find(a)).patch({ body: `${cutAfter}${TOO_LONG}` });
      await held;
      if (cutAfter === 2) a.sockets.release();
      a.sockets.cut();
      a.sockets.release();
      await settle();
    }
    expect(a.sync.refused.map(({ document }) => document.body)).toEqual([`1${TOO_LONG}`, `2${TOO_LONG}`]);
  });

  it('[RF8] confirm says refused of what was refused, before and after the answer', async () => {
    await share();
    const refused = await (await find(a)).patch({ body: TOO_LONG });
    expect(await a.sync.confirm(refused)).toBe('refused');
    expect(await a.sync.confirm(refused)).toBe('refused');
    const stored = await (await find(a)).patch({ body: 'short' });
    expect(await a.sync.confirm(stored)).toBe('stored');
  });
});
