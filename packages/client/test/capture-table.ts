import type { Collections } from '@breakwater/crdt';
import { addRxPlugin, type RxDatabase, type RxStorage } from 'rxdb';
import { RxDBAttachmentsPlugin } from 'rxdb/plugins/attachments';
import { RxDBMigrationSchemaPlugin } from 'rxdb/plugins/migration-schema';
import { RxDBUpdatePlugin } from 'rxdb/plugins/update';
import { afterEach, describe, expect, it } from 'vitest';
import { type CollectionsOf, createDatabase } from '../src/create-database.ts';
import { noteCollections } from './note-collections.ts';
import { storedDocument, storedMeta } from './stored-rows.ts';

type Definitions = typeof noteCollections extends Collections<infer T> ? T : never;

addRxPlugin(RxDBAttachmentsPlugin);
addRxPlugin(RxDBMigrationSchemaPlugin);
addRxPlugin(RxDBUpdatePlugin);

/** Every path by which RxDB writes a document, and what the storage wrapper must make of it. */
export function describeCapture(name: string, createStorage: () => RxStorage<unknown, unknown>): void {
  describe(`capture on ${name}`, () => {
    const open: RxDatabase[] = [];

    async function openNotes(databaseName = `capture-${crypto.randomUUID()}`) {
      const database = await createDatabase({
        name: databaseName,
        storage: createStorage(),
        collections: noteCollections,
        multiInstance: false,
        allowSlowCount: true,
      });
      open.push(database as unknown as RxDatabase);
      return (database as RxDatabase<CollectionsOf<Definitions>>).notes;
    }

    afterEach(async () => {
      for (const database of open.splice(0)) await database.close();
    });

    it('[CT1] insert stamps every field once and marks it pending', async () => {
      const notes = await openNotes();
      await notes.insert({ id: 'a', title: 'Hull', address: { city: 'Kiel' } });
      const meta = await storedMeta(notes, 'a');
      expect(meta.pending).toEqual(['address.city', 'title']);
      expect(new Set(Object.values(meta.stampByPath)).size).toBe(1);
      expect(meta.generation).toBeUndefined();
    });

    it('[CT1] bulkInsert gives each row a stamp of its own', async () => {
      const notes = await openNotes();
      await notes.bulkInsert([
        { id: 'a', title: 'Hull' },
        { id: 'b', title: 'Keel' },
      ]);
      const [a, b] = [await storedMeta(notes, 'a'), await storedMeta(notes, 'b')];
      expect(a.pending).toEqual(['title']);
      expect(b.pending).toEqual(['title']);
      expect(a.stampOf('title')).not.toBe(b.stampOf('title'));
    });

    it('[CT2] upsert over an existing document stamps only what differs', async () => {
      const notes = await openNotes();
      await notes.insert({ id: 'a', title: 'Hull', body: 'old' });
      const before = await storedMeta(notes, 'a');
      await notes.upsert({ id: 'a', title: 'Hull', body: 'new' });
      const after = await storedMeta(notes, 'a');
      expect(after.stampOf('title')).toBe(before.stampOf('title'));
      expect(after.stampOf('body') > before.stampOf('body')).toBe(true);
    });

    it('[CT2] bulkUpsert inserts what is new and stamps what differs', async () => {
      const notes = await openNotes();
      await notes.insert({ id: 'a', title: 'Hull', body: 'old' });
      const before = await storedMeta(notes, 'a');
      await notes.bulkUpsert([
        { id: 'a', title: 'Stern', body: 'old' },
        { id: 'b', title: 'Keel' },
      ]);
      const after = await storedMeta(notes, 'a');
      expect(after.stampOf('body')).toBe(before.stampOf('body'));
      expect(after.stampOf('title') > before.stampOf('title')).toBe(true);
      expect((await storedMeta(notes, 'b')).pending).toEqual(['title']);
    });

    it.each([
      ['patch', (doc: Note) => doc.patch({ title: 'Stern' })],
      ['incrementalPatch', (doc: Note) => doc.incrementalPatch({ title: 'Stern' })],
      ['modify', (doc: Note) => doc.modify((data) => ({ ...data, title: 'Stern' }))],
      [
        'modify with a fresh object',
        (doc: Note) => doc.modify(() => ({ id: 'a', title: 'Stern', body: 'old', tags: ['x'], _attachments: {} })),
      ],
      ['incrementalModify', (doc: Note) => doc.incrementalModify((data) => ({ ...data, title: 'Stern' }))],
      ['update', (doc: Note) => doc.update({ $set: { title: 'Stern' } })],
      ['query.patch', (doc: Note) => doc.collection.find({ selector: { id: 'a' } }).patch({ title: 'Stern' })],
    ])('[CT2] %s stamps the changed field and no other', async (_, write) => {
      const notes = await openNotes();
      const doc = await notes.insert({ id: 'a', title: 'Hull', body: 'old', tags: ['x'] });
      const before = await storedMeta(notes, 'a');
      await write(doc as unknown as Note);
      const after = await storedMeta(notes, 'a');
      expect((await storedDocument(notes, 'a')).title).toBe('Stern');
      expect(after.stampOf('title') > before.stampOf('title')).toBe(true);
      expect(after.stampOf('body')).toBe(before.stampOf('body'));
      expect(after.stampOf('tags')).toBe(before.stampOf('tags'));
    });

    it('[CT2] a write that changes nothing stamps nothing', async () => {
      const notes = await openNotes();
      const doc = await notes.insert({ id: 'a', title: 'Hull', tags: ['x'] });
      const before = await storedMeta(notes, 'a');
      await doc.patch({ title: 'Hull', tags: ['x'] });
      expect((await storedMeta(notes, 'a')).meta).toEqual(before.meta);
    });

    it('[CT3] a removed field keeps a stamp without a value', async () => {
      const notes = await openNotes();
      const doc = await notes.insert({ id: 'a', title: 'Hull', body: 'old' });
      const before = await storedMeta(notes, 'a');
      await doc.incrementalModify(({ body: _body, ...data }) => data);
      const after = await storedMeta(notes, 'a');
      expect(after.stampOf('body') > before.stampOf('body')).toBe(true);
      expect(await storedDocument(notes, 'a')).not.toHaveProperty('body');
    });

    it('[CT4] nested fields are stamped leaf by leaf', async () => {
      const notes = await openNotes();
      const doc = await notes.insert({ id: 'a', title: 'Hull', address: { city: 'Kiel', street: 'Kai 1' } });
      const before = await storedMeta(notes, 'a');
      await doc.patch({ address: { city: 'Bremen', street: 'Kai 1' } });
      const after = await storedMeta(notes, 'a');
      expect(after.stampOf('address.city') > before.stampOf('address.city')).toBe(true);
      expect(after.stampOf('address.street')).toBe(before.stampOf('address.street'));
    });

    it.each([
      ['remove', (doc: Note) => doc.remove()],
      ['incrementalRemove', (doc: Note) => doc.incrementalRemove()],
      ['bulkRemove', (doc: Note) => doc.collection.bulkRemove(['a'])],
      ['query.remove', (doc: Note) => doc.collection.find({ selector: { id: 'a' } }).remove()],
    ])('[CT5] %s stamps the deletion and leaves the fields as they are', async (_, remove) => {
      const notes = await openNotes();
      const doc = await notes.insert({ id: 'a', title: 'Hull' });
      const before = await storedMeta(notes, 'a');
      await remove(doc as unknown as Note);
      const after = await storedMeta(notes, 'a');
      expect((await storedDocument(notes, 'a'))._deleted).toBe(true);
      expect(after.pending).toEqual(['_deleted', 'title']);
      expect(after.stampOf('_deleted') > before.stampOf('title')).toBe(true);
      expect(after.stampOf('title')).toBe(before.stampOf('title'));
    });

    it.each([
      ['insert', (notes: Notes) => notes.insert({ id: 'a', title: 'Keel' })],
      ['bulkInsert', (notes: Notes) => notes.bulkInsert([{ id: 'a', title: 'Keel' }])],
      ['upsert', (notes: Notes) => notes.upsert({ id: 'a', title: 'Keel' })],
    ])('[CT6] %s over a tombstone starts a generation that replaces what was there', async (_, insert) => {
      const notes = await openNotes();
      const doc = await notes.insert({ id: 'a', title: 'Hull', body: 'old' });
      await doc.remove();
      const tombstone = await storedMeta(notes, 'a');
      const { lwt } = (await storedDocument(notes, 'a'))._meta;
      await insert(notes as unknown as Notes);
      const meta = await storedMeta(notes, 'a');
      const revived = await storedDocument(notes, 'a');
      expect(revived._deleted).toBe(false);
      expect((meta.generation ?? '') > tombstone.stampOf('_deleted')).toBe(true);
      expect(meta.stampByPath).toEqual({ title: meta.generation });
      expect(meta.pending).toEqual(['%', 'title']);
      expect(revived._meta.lwt).toBeGreaterThan(lwt);
    });

    it('[CT7] an attachment is a register of its own', async () => {
      const notes = await openNotes();
      const doc = await notes.insert({ id: 'a', title: 'Hull' });
      const before = await storedMeta(notes, 'a');
      await doc.putAttachment({ id: 'photo.txt', data: new Blob(['one'], { type: 'text/plain' }), type: 'text/plain' });
      const put = await storedMeta(notes, 'a');
      expect(put.pending).toContain('_attachments.photo%2Etxt');
      expect(put.stampOf('title')).toBe(before.stampOf('title'));
      const latest = await notes.findOne('a').exec(true);
      await latest.getAttachment('photo.txt')?.remove();
      const removed = await storedMeta(notes, 'a');
      const path = '_attachments.photo%2Etxt';
      expect(removed.stampOf(path) > put.stampOf(path)).toBe(true);
    });

    it('[CT8] two writes that race are both stamped, one after the other', async () => {
      const notes = await openNotes();
      const doc = await notes.insert({ id: 'a', title: 'Hull', body: 'old' });
      await Promise.all([doc.incrementalPatch({ title: 'Stern' }), doc.incrementalPatch({ body: 'new' })]);
      const stored = await storedDocument(notes, 'a');
      const meta = await storedMeta(notes, 'a');
      expect([stored.title, stored.body]).toEqual(['Stern', 'new']);
      expect(meta.pending).toEqual(['body', 'title']);
    });

    it('[CT9] values are normalised on their way in', async () => {
      const notes = await openNotes();
      await notes.insert({ id: 'a', title: 'Hull', body: 'lone \ud800', rating: -0, address: {} });
      const stored = await storedDocument(notes, 'a');
      expect(stored.body).toBe('lone \ufffd');
      expect(Object.is(stored.rating, 0)).toBe(true);
      expect(stored).not.toHaveProperty('address');
    });

    it('[CT10] the meta never shows in the document', async () => {
      const notes = await openNotes();
      const doc = await notes.insert({ id: 'a', title: 'Hull' });
      expect(doc.toJSON()).toEqual({ id: 'a', title: 'Hull' });
      expect(Object.keys(notes.schema.jsonSchema.properties)).not.toContain('breakwater');
    });

    it('[CT11] schema migration carries stamps and pending marks along', async () => {
      const name = `capture-${crypto.randomUUID()}`;
      const notes = await openNotes(name);
      await notes.insert({ id: 'a', title: 'Hull' });
      const before = await storedMeta(notes, 'a');
      const storage = notes.database.storage;
      await notes.database.close();
      open.length = 0;
      const { plan, schema } = noteCollections.notes;
      const database = await createDatabase({
        name,
        storage,
        collections: {
          notes: { plan, schema: { ...schema, version: 1 }, migrationStrategies: { 1: (doc: object) => doc } },
        },
        multiInstance: false,
      });
      open.push(database as unknown as RxDatabase);
      expect((await storedMeta(database.notes, 'a')).meta).toEqual(before.meta);
    });

    it('[CT12] a value that cannot be stored fails its row and no other', async () => {
      const notes = await openNotes();
      const deep = JSON.parse(`${'['.repeat(80)}${']'.repeat(80)}`);
      const result = await notes.bulkInsert([
        { id: 'a', title: 'Hull', tags: deep },
        { id: 'b', title: 'Keel' },
      ]);
      expect(result.success.map(({ id }) => id)).toEqual(['b']);
      expect(result.error.map(({ documentId, status }) => [documentId, status])).toEqual([['a', 422]]);
    });
  });
}

type Notes = CollectionsOf<Definitions>['notes'];
type Note = Awaited<ReturnType<Notes['insert']>>;
