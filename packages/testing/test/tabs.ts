import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { inspectRows } from '@breakwater/client';
import type { RxStorage } from 'rxdb';
import { filter, firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  asRxCollection,
  endAll,
  openWorldClient,
  startWorldServer,
  type WorldClient,
  type WorldNotes,
  type WorldServer,
  type WorldTab,
} from '../src/world.ts';
import { judgeWorld } from '../src/world-judge.ts';

const FIRST = { id: 'a', title: 'Hull', body: 'one two', tags: ['x'], steps: ['one'], likes: 1 };
const WRITES = 20;
const ALL = { maxRows: 1_000, maxBytes: 2 ** 24 };

type Note = Awaited<ReturnType<WorldNotes['insert']>>;
type Fields = ReturnType<Note['toMutableJSON']>;

/** Two tabs of one database, each with its own connection, and another device. */
export function describeTabs(title: string, storage: () => RxStorage<unknown, unknown>): void {
  describe(`two tabs of one database on ${title}`, () => {
    let server: WorldServer;
    let left: WorldClient;
    let right: WorldClient;
    let other: WorldClient;
    const clients: WorldClient[] = [];
    let now: () => number;

    beforeEach(async () => {
      now = Date.now;
      server = await startWorldServer();
      const databaseName = `tabs-${crypto.randomUUID()}`;
      [left, right] = [await openTab(databaseName, 0), await openTab(databaseName, 1)];
      other = await openClient('other');
    });

    afterEach(async () => {
      await endAll(clients.splice(0));
      await server.end();
    });

    async function openClient(name: string, tab?: WorldTab): Promise<WorldClient> {
      const device = { now: () => now(), storage: storage(), ...(tab && { tab }) };
      const client = await openWorldClient({ name, url: server.url, random: Math.random, ...device });
      clients.push(client);
      return client;
    }

    const openTab = (databaseName: string, number: number) => openClient(`tab ${number}`, { databaseName, number });

    async function edit(tab: WorldClient, change: (fields: Fields) => Partial<Fields>): Promise<void> {
      const note = await waitFor(tab, () => true);
      await note.incrementalModify((fields) => ({ ...fields, ...change(structuredClone(fields) as Fields) }));
    }

    /** Everybody ends equal; answers what they show of the note. */
    async function meet(...those: WorldClient[]): Promise<Fields> {
      expect(await judgeWorld(server, those)).toEqual([]);
      return (await other.notes.findOne('a').exec(true)).toMutableJSON();
    }

    it.each([
      ['online', []],
      ['offline', ['left', 'right']],
      ['one of them offline', ['right']],
    ] as const)('[TB2] edit one document at once and one after the other, %s', async (_weather, offline) => {
      const tabs = { left, right };
      await left.notes.insert(FIRST);
      await left.sync.awaitInSync();
      for (const name of offline) tabs[name].sync.pause();
      await Promise.all([
        edit(left, ({ body }) => ({ body: `left ${body}`, rating: 1 })),
        edit(right, ({ body }) => ({ body: `${body} right`, place: { city: 'Kiel' } })),
        edit(left, ({ tags = [] }) => ({ tags: [...tags, 'l'] })),
        edit(right, ({ tags = [], steps = [] }) => ({ tags: [...tags, 'r'], steps: [...steps, 'two'] })),
      ]);
      await edit(right, ({ body }) => ({ body: `${body}!`, rating: 2 }));
      await waitFor(left, ({ body }) => body === 'left one two right!');
      await edit(left, ({ body }) => ({ body: `${body}?`, title: 'Keel' }));
      expect(await meet(left, right, other)).toMatchObject({
        body: 'left one two right!?',
        rating: 2,
        place: { city: 'Kiel' },
        tags: ['l', 'r', 'x'],
        steps: ['one', 'two'],
      });
    });

    it('[TB2] a document deleted in one tab while the other edits it is deleted everywhere', async () => {
      await left.notes.insert(FIRST);
      const note = await waitFor(right, () => true);
      await Promise.allSettled([
        (await left.notes.findOne('a').exec(true)).incrementalRemove(),
        note.incrementalPatch({ title: 'Keel' }),
      ]);
      expect(await judgeWorld(server, [left, right, other])).toEqual([]);
      expect(await other.notes.findOne('a').exec()).toBeNull();
    });

    it.each([
      ['before it reached the server', false],
      ['after the server stored it, before the ack', true],
    ])('[TB3] a tab that closes in the middle of a push, %s, leaves nothing behind', async (_when, isStored) => {
      await left.notes.insert(FIRST);
      await Promise.all([left, right].map(({ sync }) => sync.awaitInSync()));
      right.sync.pause();
      if (isStored) left.sockets.deafen();
      const head = server.store.head('default', 'notes');
      await edit(left, ({ body }) => ({ body: `${body} three`, rating: 3 }));
      await left.notes.insert({ id: 'b', title: 'Last words' });
      if (isStored) await expect.poll(() => server.store.head('default', 'notes')).toBeGreaterThan(head);
      await left.close();
      right.sync.start();
      expect(await meet(right, other)).toMatchObject({ body: 'one two three', rating: 3 });
      expect((await other.notes.findOne('b').exec(true)).title).toBe('Last words');
    });

    it('[TB4] two tabs never issue one stamp twice, even while time stands still', async () => {
      const start = Date.now();
      now = () => start;
      const tabs = [left, right];
      const ids = Array.from({ length: WRITES }, (_, i) => `n${i}`);
      await Promise.all(ids.map((id, i) => tabs[i % 2]?.notes.insert({ id, title: id })));
      const stamps = await stampsOf(left);
      expect(new Set(stamps).size).toBe(WRITES);
    });

    it('[TB4] nor one piece of text', async () => {
      await left.notes.insert({ ...FIRST, body: '' });
      for (const tab of [left, right]) tab.sync.pause();
      const letters = [...'abcdefghijklmnopqrst'];
      await Promise.all(
        letters.map((letter, i) => edit(i % 2 === 0 ? left : right, ({ body }) => ({ body: `${body}${letter}` }))),
      );
      const { body = '' } = await meet(left, right, other);
      expect([...body].sort()).toEqual(letters);
    });

    it('[TB4] nor after a cleanup in one of them', async () => {
      await left.notes.insert({ ...FIRST, body: '1' });
      await edit(right, () => ({ body: '12' }));
      await meet(left, right, other);
      await (await waitFor(left, () => true)).incrementalRemove();
      expect(await judgeWorld(server, [left, right, other])).toEqual([]);
      await left.notes.storageInstance.cleanup(0);
      await right.notes.insert({ ...FIRST, body: '3' });
      await edit(right, () => ({ body: '34' }));
      await edit(left, () => ({ body: '345' }));
      expect((await meet(left, right, other)).body).toBe('345');
    });

    it('[TB5] tabs that open a new database at once go by one name', async () => {
      const databaseName = `tabs-${crypto.randomUUID()}`;
      const tabs = await Promise.all([openTab(databaseName, 0), openTab(databaseName, 1)]);
      await tabs[0].notes.insert({ ...FIRST, likes: 1 });
      await edit(tabs[1], () => ({ likes: 2 }));
      await edit(tabs[0], () => ({ likes: 3 }));
      expect(await countersOf(tabs[0])).toEqual([3]);
    });

    it('[TB5] a tab that is behind, in another life of the server even, takes nothing from the next start', async () => {
      await left.notes.bulkInsert(['a', 'b', 'c'].map((id) => ({ id, title: id })));
      await meet(left, right, other);
      right.sync.pause();
      await server.restart(async (dataDir) => {
        const database = new DatabaseSync(join(dataDir, 'breakwater.sqlite'));
        database.exec(`UPDATE meta SET value = 'another' WHERE key = 'epoch'; DELETE FROM rows WHERE id = 'b'`);
        database.close();
      });
      await left.sync.awaitInSync();
      await other.notes.insert({ id: 'd', title: 'News' });
      await Promise.all([left, other].map(({ sync }) => sync.awaitInSync()));
      await edit(right, () => ({ title: 'Written behind' }));
      await left.close();
      // Saves what it knows of: the checkpoint of before.
      await right.reopen();
      expect(await judgeWorld(server, [right, other])).toEqual([]);
      expect(server.store.page('default', 'notes', { after: 0, labels: ['default'], ...ALL }).rows).toHaveLength(4);
    });

    it('[TB6] a counter that both tabs count at once adds up, offline and online', async () => {
      await left.notes.insert({ ...FIRST, likes: 0 });
      await meet(left, right, other);
      right.sync.pause();
      const counts = Array.from({ length: WRITES }, (_, i) =>
        edit([left, right, other][i % 3] ?? left, ({ likes = 0 }) => ({ likes: likes + 1 })),
      );
      await Promise.all(counts);
      expect((await meet(left, right, other)).likes).toBe(WRITES);
    });

    it('[TB7] what one tab was told is stored, the other does not push again', async () => {
      for (const { sync } of [left, right]) sync.pause();
      await left.notes.insert(FIRST);
      const note = await waitFor(right, () => true);
      left.sync.start();
      await left.sync.awaitInSync();
      left.sync.pause();
      // Heard in order: who knows of this one knows of the ack before it.
      await left.notes.insert({ id: 'b', title: 'After the ack' });
      await firstValueFrom(right.notes.findOne('b').$.pipe(filter((found) => found !== null)));
      await note.getLatest().incrementalPatch({ title: 'Keel' });
      expect(await pendingOf(right, 'a')).toEqual(['title']);
      expect(await meet(left, right, other)).toMatchObject({ ...FIRST, title: 'Keel' });
    });
  });
}

/** The note 'a' once it is there and shows what is waited for. */
async function waitFor({ notes }: WorldClient, condition: (fields: Fields) => boolean): Promise<Note> {
  const found$ = notes.findOne('a').$;
  const note = await firstValueFrom(found$.pipe(filter((found) => found !== null && condition(found.toMutableJSON()))));
  if (note === null) throw new Error('there is no such note');
  return note;
}

async function pendingOf({ notes }: WorldClient, wanted: string): Promise<readonly string[]> {
  for await (const { id, pending } of inspectRows(asRxCollection(notes))) if (id === wanted) return pending;
  return [];
}

async function countersOf({ notes }: WorldClient): Promise<unknown[]> {
  const counts: unknown[] = [];
  for await (const { state } of inspectRows(asRxCollection(notes))) {
    for (const [path, { value }] of state.registers) if (path.startsWith('likes.')) counts.push(value);
  }
  return counts;
}

async function stampsOf({ notes }: WorldClient): Promise<string[]> {
  const stamps: string[] = [];
  for await (const { state } of inspectRows(asRxCollection(notes))) {
    stamps.push(...new Set([...state.registers.values()].map(({ stamp }) => stamp)));
  }
  return stamps;
}
