import {
  EMPTY_STATE,
  formatStamp,
  GENERATION,
  NO_STAMP,
  type Path,
  type Stamp,
  type State,
  toPath,
} from '@breakwater/crdt';
import { addRxPlugin, type RxCollection, type RxDatabase, type RxStorage } from 'rxdb';
import { disableWarnings, RxDBDevModePlugin } from 'rxdb/plugins/dev-mode';
import { RxDBMigrationSchemaPlugin } from 'rxdb/plugins/migration-schema';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { wrappedValidateAjvStorage } from 'rxdb/plugins/validate-ajv';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createDatabase } from '../src/create-database.ts';
import { createLocalRows, type LocalRows, type PendingChange } from '../src/storage/local-rows.ts';
import { createRecentDocuments } from '../src/storage/recent-documents.ts';
import { rowMetaOf, type StoredDocument } from '../src/storage/row-meta.ts';
import { requireCaptured } from '../src/storage/with-breakwater.ts';
import { noteCollections } from './note-collections.ts';
import { storedDocument, storedMeta } from './stored-rows.ts';

disableWarnings();
addRxPlugin(RxDBDevModePlugin);
addRxPlugin(RxDBMigrationSchemaPlugin);

const open: RxDatabase[] = [];

afterEach(async () => {
  for (const database of open.splice(0)) await database.close();
});

/** In dev-mode and with a validator, the strictest surroundings that there are. */
async function openNotes() {
  const storage: RxStorage<unknown, unknown> = wrappedValidateAjvStorage({ storage: getRxStorageMemory() });
  const name = `local-rows-${crypto.randomUUID()}`;
  const database = await createDatabase({ name, storage, collections: noteCollections, multiInstance: false });
  open.push(database as unknown as RxDatabase);
  const { notes } = database;
  return { notes, rows: createLocalRows(notes as unknown as RxCollection) };
}

/** A stamp of another device, so many milliseconds from now. */
function stampIn(ms: number): Stamp {
  return formatStamp({ ms: Date.now() + ms, counter: 0, node: 'otherother' });
}

function stateOf(stamp: Stamp, values: { readonly [path: string]: string | number | undefined }): State {
  const registers = new Map(Object.entries(values).map(([path, value]) => [path as Path, { stamp, value }]));
  return { generation: NO_STAMP, registers, partial: false };
}

async function readOne(rows: LocalRows, id: string) {
  const [row] = await rows.read([id]);
  if (row === undefined) throw new Error(`'${id}' is not stored`);
  return row;
}

describe('rows from the server', () => {
  it('[LR1] a new row becomes a document that queries see', async () => {
    const { notes, rows } = await openNotes();
    await rows.mergeRows([{ id: 'a', seq: 1, state: stateOf(stampIn(0), { title: 'Hull', 'address.city': 'Kiel' }) }]);
    expect((await notes.findOne('a').exec(true)).toJSON()).toEqual({
      id: 'a',
      title: 'Hull',
      address: { city: 'Kiel' },
    });
    expect(await storedMeta(notes, 'a')).toMatchObject({ pending: [], meta: { seq: 1 } });
  });

  it('[LR2] merges field by field into what is here; what was won elsewhere is pending no more', async () => {
    const { notes, rows } = await openNotes();
    await notes.insert({ id: 'a', title: 'Hull', body: 'mine' });
    await rows.mergeRows([{ id: 'a', seq: 4, state: stateOf(stampIn(1_000), { title: 'Keel' }) }]);
    expect((await notes.findOne('a').exec(true)).toJSON()).toEqual({ id: 'a', title: 'Keel', body: 'mine' });
    expect((await storedMeta(notes, 'a')).pending).toEqual(['body']);
  });

  it('[LR2] an older write from elsewhere changes nothing that is shown', async () => {
    const { notes, rows } = await openNotes();
    await notes.insert({ id: 'a', title: 'Hull' });
    const { _rev } = await storedDocument(notes, 'a');
    await rows.mergeRows([{ id: 'a', seq: 4, state: stateOf(stampIn(-1_000), { title: 'Keel' }) }]);
    const stored = await storedDocument(notes, 'a');
    expect([stored.title, stored._rev]).toEqual(['Hull', _rev]);
    expect(await storedMeta(notes, 'a')).toMatchObject({ pending: ['title'], meta: { seq: 4 } });
  });

  it('[LR3] a register that this version has no place for is kept, and comes back out untouched', async () => {
    const { notes, rows } = await openNotes();
    const state = stateOf(stampIn(-5_000), { title: 'Hull', depth: 7 });
    await rows.mergeRows([{ id: 'a', seq: 1, state }]);
    const doc = await notes.findOne('a').exec(true);
    expect(doc.toJSON()).toEqual({ id: 'a', title: 'Hull' });
    await doc.patch({ title: 'Keel' });
    expect((await readOne(rows, 'a')).state.registers.get(toPath(['depth']))).toEqual(
      state.registers.get(toPath(['depth'])),
    );
  });

  it('[LR4] a row that the schema would not admit does not stop the others', async () => {
    const { notes, rows } = await openNotes();
    await rows.mergeRows([
      { id: 'a', seq: 1, state: stateOf(stampIn(0), { body: 'has no title' }) },
      { id: 'b', seq: 2, state: stateOf(stampIn(0), { title: 'Keel' }) },
    ]);
    expect((await storedDocument(notes, 'a')).body).toBe('has no title');
    expect((await storedDocument(notes, 'b')).title).toBe('Keel');
  });

  it('[LR5] a local write in the middle of a merge is neither lost nor lost track of', async () => {
    const { notes, rows } = await openNotes();
    const doc = await notes.insert({ id: 'a', title: 'Hull' });
    await Promise.all([
      rows.mergeRows([{ id: 'a', seq: 4, state: stateOf(stampIn(1_000), { title: 'Keel' }) }]),
      doc.incrementalPatch({ body: 'mine' }),
    ]);
    const stored = await storedDocument(notes, 'a');
    expect([stored.title, stored.body]).toEqual(['Keel', 'mine']);
    expect((await storedMeta(notes, 'a')).pending).toEqual(['body']);
  });

  it('[LR5] nor is one that comes between the reading of a row and its writing', async () => {
    const { notes, rows } = await openNotes();
    const doc = await notes.insert({ id: 'a', title: 'Hull' });
    const captured = requireCaptured(notes as unknown as RxCollection);
    const { bulkWrite } = captured;
    let writes = 0;
    Object.assign(captured, {
      async bulkWrite(...args: Parameters<typeof bulkWrite>) {
        writes += 1;
        if (writes === 1) await doc.incrementalPatch({ body: 'mine' });
        return bulkWrite(...args);
      },
    });
    await rows.mergeRows([{ id: 'a', seq: 4, state: stateOf(stampIn(1_000), { title: 'Keel' }) }]);
    const stored = await storedDocument(notes, 'a');
    expect([stored.title, stored.body, writes]).toEqual(['Keel', 'mine', 2]);
    expect((await storedMeta(notes, 'a')).pending).toEqual(['body']);
  });

  it('[LR6] a tombstone of a row that never was here is stored as one', async () => {
    const { notes, rows } = await openNotes();
    const stamp = stampIn(0);
    const registers = new Map([['_deleted' as Path, { stamp, value: true }]]);
    await rows.mergeRows([{ id: 'a', seq: 1, state: { generation: NO_STAMP, registers, partial: false } }]);
    expect((await storedDocument(notes, 'a'))._deleted).toBe(true);
    expect(await notes.findOne('a').exec()).toBeNull();
  });

  it('[LR7] what a migration strategy filled in stays, and is not replicated', async () => {
    const storage = wrappedValidateAjvStorage({ storage: getRxStorageMemory() });
    const name = `local-rows-${crypto.randomUUID()}`;
    const first = await createDatabase({ name, storage, collections: noteCollections, multiInstance: false });
    await first.notes.insert({ id: 'a', title: 'Hull' });
    await first.close();
    const { plan, schema } = noteCollections.notes;
    const migrationStrategies = { 1: (doc: object) => ({ ...doc, rating: 3 }) };
    const collections = { notes: { plan, schema: { ...schema, version: 1 }, migrationStrategies } };
    const database = await createDatabase({ name, storage, collections, multiInstance: false });
    open.push(database as unknown as RxDatabase);
    const rows = createLocalRows(database.notes as unknown as RxCollection);
    await rows.mergeRows([{ id: 'a', seq: 1, state: stateOf(stampIn(1_000), { body: 'theirs' }) }]);
    const stored = await storedDocument(database.notes, 'a');
    expect([stored.title, stored.body, stored.rating]).toEqual(['Hull', 'theirs', 3]);
    expect((await readOne(rows, 'a')).state.registers.has(toPath(['rating']))).toBe(false);
  });
});

describe('rows of several connections', () => {
  const [old, middle, now] = [-3_000, -2_000, -1_000].map((ms) => stateOf(stampIn(ms), { title: `${ms}` }));
  const remote = (seq: number, state = now) => ({ id: 'a', seq, state: state ?? EMPTY_STATE });

  async function openMerged() {
    const { notes, rows } = await openNotes();
    const forgotten: unknown[] = [];
    const merge = (seq: number, state = now) =>
      rows.mergeRows([remote(seq, state)], async (refused) => void forgotten.push(...refused));
    await merge(5);
    const title = async () => (await storedDocument(notes, 'a')).title;
    return { notes, rows, merge, forgotten, title };
  }

  it('[LR9] news that another tab had later already is no sign of a purge', async () => {
    const { merge, forgotten, title } = await openMerged();
    await merge(3, old);
    await merge(4, middle);
    expect([await title(), forgotten]).toEqual(['-1000', []]);
  });

  it('[LR9] nor is it after an ack that comes later than what another tab has heard of the row', async () => {
    const { notes, rows, merge, forgotten, title } = await openMerged();
    await (await notes.findOne('a').exec(true)).patch({ rating: 1 });
    const pushed = await readOne(rows, 'a');
    await rows.acknowledge([{ id: 'a', pushed, seq: 3 }]);
    const { registers } = pushed.state;
    const known = new Map([...registers].filter(([path]) => path !== toPath(['title'])));
    await merge(4, { ...pushed.state, registers: known });
    expect([await title(), forgotten]).toEqual(['-1000', []]);
  });

  it('[PG5] a row that has forgotten its generation is another one', async () => {
    const { rows, merge } = await openMerged();
    await merge(6, { ...stateOf(stampIn(-500), { title: 'revived' }), generation: stampIn(-500) });
    await merge(7, stateOf(stampIn(-200), { title: 'another' }));
    expect((await readOne(rows, 'a')).state.generation).toBe(NO_STAMP);
  });

  it('[LR9] nor is it that the server lacks what is still to be pushed', async () => {
    const { notes, merge, forgotten, title } = await openMerged();
    await (await notes.findOne('a').exec(true)).patch({ title: 'Keel' });
    await merge(6);
    expect([await title(), forgotten]).toEqual(['Keel', []]);
  });

  it('[LR9] a store with another life counts anew', async () => {
    const { notes, rows } = await openMerged();
    await rows.mergeRows([remote(2)]);
    expect((await storedMeta(notes, 'a')).meta.seq).toBe(2);
    await (await notes.findOne('a').exec(true)).patch({ rating: 1 });
    await rows.acknowledge([{ id: 'a', pushed: await readOne(rows, 'a'), seq: 1 }], { isAnotherLife: true });
    expect((await storedMeta(notes, 'a')).meta.seq).toBe(1);
  });
});

describe('acknowledged rows', () => {
  it('[AR1] clear what is pending, under the same revision, and wake no query', async () => {
    const { notes, rows } = await openNotes();
    await notes.insert({ id: 'a', title: 'Hull' });
    const emitted: unknown[] = [];
    const subscription = notes.find().$.subscribe((result) => emitted.push(result));
    await notes.find().exec();
    const before = await storedDocument(notes, 'a');
    const count = emitted.length;
    await rows.acknowledge([{ id: 'a', pushed: await readOne(rows, 'a'), seq: 9 }]);
    const after = await storedDocument(notes, 'a');
    await notes.find({ selector: { title: 'Hull' } }).exec();
    expect([after._rev, after._meta.lwt]).toEqual([before._rev, before._meta.lwt]);
    expect(await storedMeta(notes, 'a')).toMatchObject({ pending: [], meta: { seq: 9 } });
    expect(emitted).toHaveLength(count);
    subscription.unsubscribe();
  });

  it('[AR2] a field that changed since it was pushed stays pending', async () => {
    const { notes, rows } = await openNotes();
    const doc = await notes.insert({ id: 'a', title: 'Hull', body: 'old' });
    const pushed = await readOne(rows, 'a');
    await doc.patch({ body: 'new' });
    await rows.acknowledge([{ id: 'a', pushed, seq: 9 }]);
    expect((await storedMeta(notes, 'a')).pending).toEqual(['body']);
    expect((await storedDocument(notes, 'a')).body).toBe('new');
  });

  it('[AR3] a write through a document that still shows the old marks marks only what it changes', async () => {
    const { notes, rows } = await openNotes();
    const doc = await notes.insert({ id: 'a', title: 'Hull', body: 'old' });
    await rows.acknowledge([{ id: 'a', pushed: await readOne(rows, 'a'), seq: 9 }]);
    await doc.patch({ body: 'new' });
    const { pending, meta } = await storedMeta(notes, 'a');
    expect([pending, meta.seq]).toEqual([['body'], 9]);
    expect((await storedDocument(notes, 'a')).title).toBe('Hull');
  });
});

describe('late acks', () => {
  async function acknowledgeSoon(title = 'Hull') {
    const { notes, rows } = await openNotes();
    const doc = await notes.insert({ id: 'a', title, body: 'old' });
    const pushed = await readOne(rows, 'a');
    const changes = rows.acknowledgeSoon([{ id: 'a', pushed, seq: 9 }]);
    return { notes, rows, doc, changes };
  }

  async function pendingInScan(rows: LocalRows) {
    const found: PendingChange[] = [];
    for await (const changes of rows.scan(0, false)) found.push(...changes);
    return found.filter(({ bytes }) => bytes > 0).map(({ id }) => id);
  }

  it('[AR8] are known to every read at once, and in the storage once they are written', async () => {
    const { notes, rows, changes } = await acknowledgeSoon();
    expect(changes).toEqual([{ id: 'a', bytes: 0, height: 1 }]);
    const { pending, seq } = await readOne(rows, 'a');
    expect([[...pending], seq, await pendingInScan(rows)]).toEqual([[], 9, []]);
    const before = await storedDocument(notes, 'a');
    expect((await storedMeta(notes, 'a')).meta.seq).toBeUndefined();
    await rows.lateAcks.write(250);
    const after = await storedDocument(notes, 'a');
    expect(await storedMeta(notes, 'a')).toMatchObject({ pending: [], meta: { seq: 9 } });
    expect([after._rev, after._meta.lwt, rows.lateAcks.count]).toEqual([before._rev, before._meta.lwt, 0]);
  });

  it('[AR8] are taken along by a write that comes first, which needs no other', async () => {
    const { notes, rows, doc } = await acknowledgeSoon();
    await doc.patch({ body: 'new' });
    const { pending, meta } = await storedMeta(notes, 'a');
    expect([pending, meta.seq]).toEqual([['body'], 9]);
    const before = await storedDocument(notes, 'a');
    await rows.lateAcks.write(250);
    expect(await storedDocument(notes, 'a')).toBe(before);
  });

  it('[AR8] are taken along by news, and deltas on top of them find their base', async () => {
    const { notes, rows } = await acknowledgeSoon();
    const lacking: string[] = [];
    const state = { ...stateOf(stampIn(1_000), { body: 'theirs' }), partial: true };
    await rows.mergeRows([{ id: 'a', seq: 10, base: 9, state }], undefined, (id) => lacking.push(id));
    const { pending, meta } = await storedMeta(notes, 'a');
    expect([lacking, pending, meta.seq]).toEqual([[], [], 10]);
  });

  it('[AR8] do not take the place of what another tab has heard since', async () => {
    const { notes, rows } = await acknowledgeSoon();
    const stored = await storedDocument(notes, 'a');
    const later = { ...stored, _meta: { ...stored._meta, breakwater: { ...rowMetaOf(stored), seq: 12 } } };
    const { bulkWrite } = requireCaptured(notes as unknown as RxCollection);
    await bulkWrite([{ previous: stored, document: later as never }], 'breakwater-ack');
    await rows.lateAcks.write(250);
    expect((await storedMeta(notes, 'a')).meta.seq).toBe(12);
  });

  it('[AR8] come after news of the very row that was pushed, and both are kept', async () => {
    const { notes, rows } = await openNotes();
    await notes.insert({ id: 'a', title: 'Hull' });
    const pushed = await readOne(rows, 'a');
    await rows.mergeRows([{ id: 'a', seq: 12, state: { ...pushed.state, registers: new Map(), partial: true } }]);
    expect((await storedMeta(notes, 'a')).meta.seq).toBe(12);
    rows.acknowledgeSoon([{ id: 'a', pushed, seq: 11 }]);
    await rows.lateAcks.write(250);
    const { pending, meta } = await storedMeta(notes, 'a');
    expect([pending, meta.seq]).toEqual([[], 12]);
  });

  it('[AR8] of a later revision that come while the earlier one is being written are written, too', async () => {
    const { notes, rows, doc } = await acknowledgeSoon();
    const { instance } = requireCaptured(notes as unknown as RxCollection);
    const find = instance.findDocumentsById.bind(instance);
    vi.spyOn(instance, 'findDocumentsById').mockImplementationOnce(async (ids, deleted) => {
      const found = await find(ids, deleted);
      await doc.patch({ body: 'new' });
      rows.acknowledgeSoon([{ id: 'a', pushed: await readOne(rows, 'a'), seq: 10 }]);
      return found;
    });
    await rows.lateAcks.write(250);
    expect(rows.lateAcks.count).toBe(1);
    await rows.lateAcks.write(250);
    const { pending, meta } = await storedMeta(notes, 'a');
    expect([pending, meta.seq, rows.lateAcks.count]).toEqual([[], 10, 0]);
  });

  it('[AR8] wait up to a number, far from what the cache of metas forgets', async () => {
    const { rows } = await acknowledgeSoon();
    const pushed = await readOne(rows, 'a');
    const others = Array.from({ length: 4_999 }, (_, i) => ({ ...pushed.document, id: `n${i}` }));
    for (const document of others.slice(1))
      rows.acknowledgeSoon([{ id: document.id, pushed: rows.toRow(document), seq: 1 }]);
    expect([rows.lateAcks.count, rows.lateAcks.isAllowed]).toEqual([4_999, true]);
    rows.acknowledgeSoon([{ id: 'n0', pushed: rows.toRow({ ...pushed.document, id: 'n0' }), seq: 1 }]);
    expect(rows.lateAcks.isAllowed).toBe(false);
  });

  it('[AR8] that cannot be written are still there to be written', async () => {
    const { notes, rows } = await acknowledgeSoon();
    const captured = requireCaptured(notes as unknown as RxCollection);
    const failing = vi
      .spyOn(captured.instance, 'findDocumentsById')
      .mockRejectedValueOnce(new Error('the disk is gone'));
    await expect(rows.lateAcks.write(250)).rejects.toThrow('the disk is gone');
    failing.mockRestore();
    expect(rows.lateAcks.count).toBe(1);
    await rows.lateAcks.write(250);
    expect((await storedMeta(notes, 'a')).pending).toEqual([]);
  });
});

describe('rows that go up at once', () => {
  async function openHeard() {
    const { notes, rows } = await openNotes();
    heard.push(rows.localChanges$.subscribe());
    const reads = vi.spyOn(requireCaptured(notes as unknown as RxCollection).instance, 'findDocumentsById');
    const readRecent = async (...ids: string[]) => {
      reads.mockClear();
      const found = await rows.readRecent(ids);
      return [found.map(({ document }) => document.title), reads.mock.calls.map(([asked]) => asked)];
    };
    return { notes, rows, readRecent };
  }

  const heard: { unsubscribe(): void }[] = [];
  afterEach(() => {
    for (const subscription of heard.splice(0)) subscription.unsubscribe();
  });

  it('[SY5] are not read again when their write was heard of, and are as it left them', async () => {
    const { notes, readRecent } = await openHeard();
    const doc = await notes.insert({ id: 'a', title: 'Hull' });
    expect(await readRecent('a')).toEqual([['Hull'], []]);
    await doc.patch({ title: 'Keel' });
    expect(await readRecent('a', 'b')).toEqual([['Keel'], [['b']]]);
  });

  it('[SY5] are read when something else than a user has written them since, or they were acknowledged', async () => {
    const { notes, rows, readRecent } = await openHeard();
    await notes.bulkInsert(['a', 'b', 'c'].map((id) => ({ id, title: id })));
    await rows.mergeRows([{ id: 'a', seq: 3, state: stateOf(stampIn(1_000), { title: 'theirs' }) }]);
    await rows.replace(
      [{ id: 'b', server: { id: 'b', seq: 4, state: stateOf(stampIn(0), { title: 'back' }) } }],
      async () => {},
    );
    rows.acknowledgeSoon([{ id: 'c', pushed: await readOne(rows, 'c'), seq: 5 }]);
    expect(await readRecent('a', 'b', 'c')).toEqual([['theirs', 'back', 'c'], [['a', 'b', 'c']]]);
  });

  it('[SY5] are kept up to a number of bytes, those first that were written first', () => {
    const recent = createRecentDocuments(100);
    const document = {} as StoredDocument;
    recent.note('a', document, 60);
    recent.note('b', document, 60);
    expect([recent.get('a'), recent.get('b')]).toEqual([document, undefined]);
    recent.drop('a');
    recent.note('b', document, 60);
    recent.note('b', document, 100);
    expect(recent.get('b')).toBe(document);
  });
});

describe('cleanup', () => {
  it('[CU1] purges no tombstone: an insert of its id replaces what was there, as everywhere else', async () => {
    const { notes, rows } = await openNotes();
    await (await notes.insert({ id: 'a', title: 'Hull' })).remove();
    await rows.acknowledge([{ id: 'a', pushed: await readOne(rows, 'a'), seq: 1 }]);
    await notes.storageInstance.cleanup(0);
    expect((await storedDocument(notes, 'a'))._deleted).toBe(true);
    await notes.insert({ id: 'a', title: 'Keel' });
    expect((await storedMeta(notes, 'a')).pending).toContain(GENERATION);
  });
});

describe('documents from before that do not fit', () => {
  it('[LR8] what does not fit the schema stops neither the scan nor merges nor edits of other fields', async () => {
    const { notes, rows } = await openNotes();
    const doc = await notes.insert({ id: 'a', title: 'Hull' });
    const { document } = await readOne(rows, 'a');
    const unfit = { ...document, address: null, _meta: { lwt: document._meta.lwt + 1 }, _rev: '2-unfit' };
    const { bulkWrite } = requireCaptured(notes as unknown as RxCollection);
    await bulkWrite([{ previous: document, document: unfit }], 'breakwater-merge');
    expect((await storedDocument(notes, 'a')).address).toBeNull();
    for await (const _changes of rows.scan(0, false)) {
      // Read to its end.
    }
    await rows.mergeRows([{ id: 'a', seq: 3, state: stateOf(stampIn(1_000), { body: 'theirs' }) }]);
    expect((await storedDocument(notes, 'a')).body).toBe('theirs');
    await doc.getLatest().incrementalPatch({ title: 'Keel' });
    expect((await storedDocument(notes, 'a')).title).toBe('Keel');
  });
});

describe('finding what is pending', () => {
  it('[SC1] a scan finds the rows with pending parts, tombstones included', async () => {
    const { notes, rows } = await openNotes();
    await notes.bulkInsert(['a', 'b', 'c'].map((id) => ({ id, title: id })));
    await (await notes.findOne('b').exec(true)).remove();
    await rows.acknowledge([{ id: 'a', pushed: await readOne(rows, 'a'), seq: 1 }]);
    const found: PendingChange[] = [];
    for await (const changes of rows.scan(0, false)) found.push(...changes);
    expect(found.filter(({ bytes }) => bytes > 0).map(({ id }) => id)).toEqual(['c', 'b']);
  });

  it('[SC2] documents from before the storage was wrapped count as written here', async () => {
    const { notes, rows } = await openNotes();
    await notes.insert({ id: 'a', title: 'Hull' });
    const { document } = await readOne(rows, 'a');
    const bare = { ...document, _meta: { lwt: document._meta.lwt + 1 }, _rev: '2-bare' };
    const { bulkWrite } = requireCaptured(notes as unknown as RxCollection);
    await bulkWrite([{ previous: document, document: bare }], 'breakwater-merge');
    const row = await readOne(rows, 'a');
    expect([...row.pending]).toEqual(['title']);
    expect(row.state.registers.get(toPath(['title']))?.value).toBe('Hull');
  });
});
