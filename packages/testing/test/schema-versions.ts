import { type Collections, defineCollections } from '@breakwater/client';
import { addRxPlugin, type RxCollection, type RxStorage } from 'rxdb';
import { RxDBAttachmentsPlugin } from 'rxdb/plugins/attachments';
import { RxDBMigrationSchemaPlugin } from 'rxdb/plugins/migration-schema';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endAll, openWorldClient, startWorldServer, type WorldClient, type WorldServer } from '../src/world.ts';
import { judgeStates } from '../src/world-judge.ts';

addRxPlugin(RxDBAttachmentsPlugin);
addRxPlugin(RxDBMigrationSchemaPlugin);

type Fields = { readonly id: string; readonly title: string; readonly [field: string]: unknown };

const schema = {
  version: 0,
  primaryKey: 'id',
  type: 'object',
  properties: {
    id: { type: 'string', maxLength: 100 },
    title: { type: 'string', maxLength: 200 },
    rating: { type: 'number' },
    place: { type: 'object', properties: { city: { type: 'string' } } },
  },
  required: ['title'],
  attachments: {},
} as const;

const { rating: _rating, ...withoutRating } = schema.properties;
const NEW_FIELDS = {
  priority: { type: 'number' },
  place: { type: 'object', properties: { city: { type: 'string' }, street: { type: 'string' } } },
  body: { type: 'string' },
  tags: { type: 'array', items: { type: 'string' } },
  steps: { type: 'array', items: { type: 'string' } },
  likes: { type: 'number' },
} as const;

/** The app as it was, one that has more fields, of every kind, and one that has one field less. */
const old = defineCollections({ notes: { schema } });
const wider = defineCollections({
  notes: {
    schema: { ...schema, version: 1, properties: { ...schema.properties, ...NEW_FIELDS } },
    merge: { body: 'text', tags: 'set', steps: 'list', likes: 'counter' },
    migrationStrategies: { 1: (fields: Fields) => ({ ...fields, priority: 3 }) },
  },
});
const narrower = defineCollections({
  notes: {
    schema: { ...schema, version: 1, properties: withoutRating },
    migrationStrategies: { 1: ({ rating: _dropped, ...fields }: Fields) => fields },
  },
});

/** One that requires and indexes what the old one does not have. */
const stricter = defineCollections({
  notes: {
    schema: {
      ...schema,
      version: 1,
      properties: {
        ...schema.properties,
        grade: { type: 'integer', minimum: 1, maximum: 6, multipleOf: 1, default: 3 },
        code: { type: 'string', maxLength: 10 },
      },
      required: ['title', 'grade', 'code'],
      indexes: ['grade', 'code'],
    },
    migrationStrategies: { 1: (fields: Fields) => ({ ...fields, grade: 3, code: '' }) },
  },
});

const FIRST = { id: 'a', title: 'Hull', rating: 1, place: { city: 'Kiel' } };
const CONTENT = { priority: 7, body: 'one two', tags: ['x', 'y'], steps: ['one'], likes: 2 };
const FULL = { ...FIRST, ...CONTENT, place: { city: 'Kiel', street: 'Kai 1' } };
const EMPTY = { body: '', tags: [], steps: [], likes: 0 };

export function describeVersions(title: string, storage: () => RxStorage<unknown, unknown>): void {
  describe(`versions of an app's schema on ${title}`, () => {
    let server: WorldServer;
    const clients: WorldClient[] = [];
    let aheadMs: number;

    beforeEach(async () => {
      aheadMs = 0;
      server = await startWorldServer();
    });

    afterEach(async () => {
      await endAll(clients.splice(0));
      await server.end();
    });

    async function openApp(collections: Collections): Promise<WorldClient> {
      // Each look at the clock is later than the one before, on all devices.
      const now = () => Date.now() + aheadMs++;
      const device = { storage: storage(), random: Math.random, now };
      const client = await openWorldClient({ name: 'app', url: server.url, collections, ...device });
      clients.push(client);
      return client;
    }

    /** All end with the same states, of fields that they do not know, too. */
    async function meet(): Promise<void> {
      expect(await judgeStates(server, clients)).toEqual([]);
    }

    it('[VS1] what was not pushed goes up after a migration: inserts, edits and deletions', async () => {
      const [app, other] = [await openApp(old), await openApp(old)];
      await notesOf(app).bulkInsert([FIRST, { id: 'b', title: 'To go' }, { id: 'c', title: 'To stay' }]);
      await meet();
      app.sync.pause();
      await patch(app, 'a', { title: 'Keel', rating: 2 });
      await remove(app, 'b');
      await notesOf(app).insert({ id: 'd', title: 'New' });
      await notesOf(app).insert({ id: 'e', title: 'New and gone' });
      await remove(app, 'e');
      await app.reopen(wider);
      await meet();
      expect(await show(other)).toEqual([
        { ...FIRST, title: 'Keel', rating: 2 },
        { id: 'c', title: 'To stay' },
        { id: 'd', title: 'New' },
      ]);
      expect(await show(app)).toContainEqual({ ...FIRST, title: 'Keel', rating: 2, priority: 3, ...EMPTY });
    });

    it('[VS1] … and attachments, whose bytes stay here', async () => {
      const app = await openApp(old);
      app.sync.pause();
      const note = await notesOf(app).insert(FIRST);
      await note.putAttachment({ id: 'plan', data: new Blob(['lines']), type: 'text/plain' });
      await app.reopen(wider);
      await meet();
      const attachment = (await notesOf(app).findOne('a').exec(true)).getAttachment('plan');
      expect(await (await attachment?.getData())?.text()).toBe('lines');
    });

    it('[AT11] … and those whose bytes are elsewhere are fetched after it', async () => {
      const [app, other] = [await openApp(old), await openApp(old)];
      const note = await notesOf(other).insert(FIRST);
      await note.putAttachment({ id: 'plan', data: new Blob(['lines']), type: 'text/plain' });
      await meet();
      const digest = note.getLatest().getAttachment('plan')?.digest ?? '';
      await expect.poll(() => server.store.blobs.isStored('default', digest)).toBe(true);
      await app.reopen(wider);
      await meet();
      const attachment = (await notesOf(app).findOne('a').exec(true)).getAttachment('plan');
      expect(attachment).toMatchObject({ length: 5, digest, type: 'text/plain' });
      expect(await (await attachment?.getData())?.text()).toBe('lines');
    });

    it('[VS2] a field that a migration drops stays what it was for those who have it, edits that were not pushed included', async () => {
      const [app, other] = [await openApp(old), await openApp(old)];
      await notesOf(app).bulkInsert([FIRST, { ...FIRST, id: 'b' }, { ...FIRST, id: 'c' }]);
      await meet();
      app.sync.pause();
      await patch(app, 'a', { title: 'Keel' });
      await patch(app, 'b', { rating: 5 });
      await remove(app, 'c');
      await notesOf(app).insert({ ...FIRST, id: 'd', rating: 4 });
      await app.reopen(narrower);
      await meet();
      expect(await show(other)).toEqual([
        { ...FIRST, title: 'Keel' },
        { ...FIRST, id: 'b', rating: 5 },
        { ...FIRST, id: 'd', rating: 4 },
      ]);
      await patch(app, 'b', { title: 'Edited by who has no rating' });
      await meet();
      expect(await show(other)).toContainEqual({ ...FIRST, id: 'b', rating: 5, title: 'Edited by who has no rating' });
    });

    it('[VS3] an old app edits documents with fields that it does not know; they come back out untouched', async () => {
      const [before, after] = [await openApp(old), await openApp(wider)];
      await notesOf(after).insert(FULL);
      await meet();
      expect(await show(before)).toEqual([FIRST]);
      await patch(before, 'a', { title: 'Keel', place: { city: 'Bremen' } });
      await meet();
      const edited = { ...FULL, title: 'Keel', place: { city: 'Bremen', street: 'Kai 1' } };
      expect(await show(after)).toEqual([edited]);
      await Promise.all([
        patch(before, 'a', { rating: 2 }),
        patch(after, 'a', { body: 'one two three', tags: ['x', 'z'], steps: ['one', 'two'], likes: 3 }),
      ]);
      await meet();
      expect(await show(after)).toEqual([
        { ...edited, rating: 2, body: 'one two three', tags: ['x', 'z'], steps: ['one', 'two'], likes: 3 },
      ]);
    });

    it('[VS4] an old app deletes and inserts: all of before is gone, and what comes then is left untouched', async () => {
      const [before, after] = [await openApp(old), await openApp(wider)];
      await notesOf(after).insert(FULL);
      await meet();
      await remove(before, 'a');
      await meet();
      await notesOf(before).insert({ id: 'a', title: 'Anew' });
      await meet();
      expect(await show(after)).toEqual([{ id: 'a', title: 'Anew', ...EMPTY }]);
      await patch(after, 'a', CONTENT);
      await meet();
      await patch(before, 'a', { rating: 2 });
      await meet();
      expect(await show(after)).toEqual([{ id: 'a', title: 'Anew', ...CONTENT, rating: 2 }]);
    });

    it('[VS4] … also when the new app edits meanwhile', async () => {
      const [before, after] = [await openApp(old), await openApp(wider)];
      await notesOf(after).insert(FULL);
      await meet();
      for (const { sync } of clients) sync.pause();
      await remove(before, 'a');
      await notesOf(before).insert({ id: 'a', title: 'Anew' });
      await patch(after, 'a', { priority: 8, body: 'one two three', likes: 3 });
      await meet();
      expect(await show(after)).toMatchObject([{ id: 'a', title: 'Anew', priority: 8, body: '', likes: 3 }]);
      expect(await show(before)).toEqual([{ id: 'a', title: 'Anew' }]);
    });

    it('[VS5] an app that is updated shows what it kept without knowing it, not what its migration fills in', async () => {
      const [app, other] = [await openApp(old), await openApp(wider)];
      await notesOf(other).insert(FULL);
      await notesOf(other).insert({ ...FULL, id: 'b' });
      await meet();
      app.sync.pause();
      await patch(app, 'a', { title: 'Keel' });
      await app.reopen(wider);
      app.sync.pause();
      expect(await show(app)).toEqual([
        { ...FULL, title: 'Keel' },
        { ...FULL, id: 'b' },
      ]);
      await patch(app, 'a', { body: 'one two three', likes: 3, priority: 8 });
      await meet();
      const edited = { ...FULL, title: 'Keel', body: 'one two three', likes: 3, priority: 8 };
      for (const client of clients) expect(await show(client)).toContainEqual(edited);
    });

    it('[VS5] … and so does one that has the dropped field back', async () => {
      const again = defineCollections({
        notes: {
          schema: { ...schema, version: 2 },
          migrationStrategies: { ...narrower.notes.migrationStrategies, 2: (fields: Fields) => fields },
        },
      });
      const app = await openApp(old);
      app.sync.pause();
      await notesOf(app).insert(FIRST);
      await app.reopen(narrower);
      app.sync.pause();
      await patch(app, 'a', { title: 'Keel' });
      await app.reopen(again);
      await meet();
      expect(await show(app)).toEqual([{ ...FIRST, title: 'Keel' }]);
    });

    it('[VS6] a row that lacks what a newer schema requires is found by its indexes, and is no write of anybody', async () => {
      const [before, after] = [await openApp(old), await openApp(stricter)];
      await notesOf(before).bulkInsert([FIRST, { ...FIRST, id: 'b' }]);
      await notesOf(after).insert({ ...FIRST, id: 'c', grade: 1, code: 'x' });
      await meet();
      const shown = [
        { ...FIRST, grade: 3, code: '' },
        { ...FIRST, id: 'b', grade: 3, code: '' },
        { ...FIRST, id: 'c', grade: 1, code: 'x' },
      ];
      for (const sort of [{ id: 'asc' }, { code: 'asc' }] as const) expect(await show(after, sort)).toEqual(shown);
      expect((await show(after, { grade: 'asc' })).map(({ id }) => id)).toEqual(['c', 'a', 'b']);
      await patch(after, 'a', { grade: 6 });
      await patch(before, 'a', { title: 'Keel' });
      await meet();
      expect(await show(after)).toContainEqual({ ...FIRST, title: 'Keel', grade: 6, code: '' });
    });
  });
}

function notesOf({ notes }: WorldClient): RxCollection<Fields> {
  return notes as unknown as RxCollection<Fields>;
}

async function patch(client: WorldClient, id: string, change: Partial<Fields>): Promise<void> {
  await (await notesOf(client).findOne(id).exec(true)).incrementalPatch(change);
}

async function remove(client: WorldClient, id: string): Promise<void> {
  await (await notesOf(client).findOne(id).exec(true)).incrementalRemove();
}

async function show(client: WorldClient, sort: { [field: string]: 'asc' } = { id: 'asc' }): Promise<Fields[]> {
  const found = await notesOf(client)
    .find({ sort: [sort] })
    .exec();
  return found.map((note) => note.toMutableJSON());
}
