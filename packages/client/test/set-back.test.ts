import { editRich, type JsonObject, merge, readRich } from '@breakwater/crdt';
import { addRxPlugin, type RxCollection, type RxDatabase } from 'rxdb';
import { disableWarnings, RxDBDevModePlugin } from 'rxdb/plugins/dev-mode';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { wrappedValidateAjvStorage } from 'rxdb/plugins/validate-ajv';
import { afterEach, describe, expect, it } from 'vitest';
import { createDatabase } from '../src/create-database.ts';
import { batchContext } from '../src/storage/contexts.ts';
import { createLocalRows, type LocalRows } from '../src/storage/local-rows.ts';
import type { RefusedValues } from '../src/storage/set-back.ts';
import { planCollections } from './note-collections.ts';
import { storedDocument, storedMeta } from './stored-rows.ts';

disableWarnings();
addRxPlugin(RxDBDevModePlugin);

const open: RxDatabase[] = [];

afterEach(async () => {
  for (const database of open.splice(0)) await database.close();
});

async function openPlans() {
  const storage = wrappedValidateAjvStorage({ storage: getRxStorageMemory() });
  const name = `set-back-${crypto.randomUUID()}`;
  const database = await createDatabase({ name, storage, collections: planCollections, multiInstance: false });
  open.push(database as unknown as RxDatabase);
  const { plans } = database;
  const rows = createLocalRows(plans as unknown as RxCollection);
  const kept: RefusedValues[] = [];
  const keep = async (refused: readonly RefusedValues[]) => {
    kept.push(...refused);
  };
  return { plans, rows, kept, keep };
}

async function readOne(rows: LocalRows) {
  const [row] = await rows.read(['p']);
  if (row === undefined) throw new Error('nothing is stored');
  return row;
}

async function acknowledge(rows: LocalRows, seq = 1) {
  const pushed = await readOne(rows);
  await rows.acknowledge([{ id: 'p', pushed, seq }]);
  return { id: 'p', seq, state: pushed.state };
}

describe('a row that goes back', () => {
  it('[RF1] shows what the server holds, with nothing pending, even where the schema would not admit it', async () => {
    const { plans, rows, kept, keep } = await openPlans();
    const plan = await plans.insert({ id: 'p', title: 'Hull', body: 'low', likes: 2, address: { city: 'Kiel' } });
    const server = await acknowledge(rows);
    await plan.patch({ title: 'Keel', body: 'high', likes: 5, address: { city: 'Kiel', street: 'Pier' } });
    await rows.replace([{ id: 'p', server, pushed: await readOne(rows) }], keep);
    const shown = (await plans.findOne('p').exec(true)).toJSON();
    expect(shown).toMatchObject({ title: 'Hull', body: 'low', likes: 2, address: { city: 'Kiel' } });
    expect((await storedMeta(plans, 'p')).pending).toEqual([]);
    expect((await readOne(rows)).state).toEqual(server.state);
    expect(kept).toMatchObject([
      {
        kind: 'change',
        document: { title: 'Keel', body: 'high', likes: 5, address: { city: 'Kiel', street: 'Pier' } } as JsonObject,
        contents: { body: 'low', likes: 2 },
      },
    ]);
    expect(kept[0]?.paths).toEqual(expect.arrayContaining(['title', 'body', 'address.street']));
  });

  it('[RF1] a refused deletion is undone', async () => {
    const { plans, rows, kept, keep } = await openPlans();
    const plan = await plans.insert({ id: 'p', title: 'Hull' });
    const server = await acknowledge(rows);
    await plan.remove();
    await rows.replace([{ id: 'p', server, pushed: await readOne(rows) }], keep);
    expect((await plans.findOne('p').exec(true)).title).toBe('Hull');
    expect(kept).toMatchObject([{ kind: 'delete', paths: ['_deleted'] }]);
  });

  it('[RF1] a refused revival is a tombstone again', async () => {
    const { plans, rows, kept, keep } = await openPlans();
    const plan = await plans.insert({ id: 'p', title: 'Hull' });
    await plan.remove();
    const server = await acknowledge(rows);
    await plans.insert({ id: 'p', title: 'Keel' });
    await rows.replace([{ id: 'p', server, pushed: await readOne(rows) }], keep);
    expect(await plans.findOne('p').exec()).toBeNull();
    expect((await readOne(rows)).state).toEqual(server.state);
    expect(kept).toMatchObject([{ kind: 'insert', document: { title: 'Keel' } }]);
  });

  it('[RF1] without a row on the server a tombstone without fields is left, of which nothing is pushed', async () => {
    const { plans, rows, keep } = await openPlans();
    await plans.insert({ id: 'p', title: 'Hull', body: 'low' });
    await rows.replace([{ id: 'p', server: undefined, pushed: await readOne(rows) }], keep);
    const { _meta, _rev, ...stored } = await storedDocument(plans, 'p');
    expect(stored).toEqual({ id: 'p', _deleted: true, _attachments: {} });
    const found: string[] = [];
    for await (const changes of rows.scan(0, true)) found.push(...changes.map(({ id }) => id));
    expect(found).toEqual([]);
  });

  it('[RF1] an insert over it is a first insert, not a revival, and a row of the server shows as it is', async () => {
    const { plans, rows, keep } = await openPlans();
    await plans.insert({ id: 'p', title: 'Hull' });
    await rows.replace([{ id: 'p', server: undefined, pushed: await readOne(rows) }], keep);
    await plans.insert({ id: 'p', title: 'Keel' });
    const { meta } = await storedMeta(plans, 'p');
    expect([meta.generation, meta.seq]).toEqual([undefined, undefined]);
    const server = await acknowledge(rows, 7);
    await rows.replace([{ id: 'p', server: undefined }], keep);
    await rows.mergeRows([server]);
    expect((await plans.findOne('p').exec(true)).title).toBe('Keel');
  });

  it('[RF1] who deleted a refused document again wants nothing of it', async () => {
    const { plans, rows, kept, keep } = await openPlans();
    const plan = await plans.insert({ id: 'p', title: 'Hull' });
    const pushed = await readOne(rows);
    await plan.remove();
    await rows.replace([{ id: 'p', server: undefined, pushed }], keep);
    expect(kept).toEqual([]);
  });

  it('[RF5] what others wrote into a text while the refusal was under way is there once', async () => {
    const { plans, rows, keep } = await openPlans();
    const plan = await plans.insert({ id: 'p', title: 'Hull', body: 'low' });
    const { state } = await acknowledge(rows);
    await plan.incrementalPatch({ body: 'low REFUSED' });
    const pushed = await readOne(rows);
    const by = { clientId: 77, collection: 'plans', id: 'p', generation: state.generation };
    const rich = editRich(state.rich, [{ field: 'body', kind: 'text', value: 'very low' }], by);
    const server = { id: 'p', seq: 2, state: { ...state, rich } };
    await rows.mergeRows([server]);
    await plan.incrementalPatch({ body: 'very low REFUSED!' });
    await rows.replace([{ id: 'p', server, pushed }], keep);
    expect((await plans.findOne('p').exec(true)).body).toBe('very low!');
  });

  it('[RF6] the next edit has Yjs structs of its own: merged with what was refused, both texts are there', async () => {
    const { plans, rows, keep } = await openPlans();
    const plan = await plans.insert({ id: 'p', title: 'Hull', body: 'low' });
    const server = await acknowledge(rows);
    await plan.patch({ body: 'low REFUSED' });
    const pushed = await readOne(rows);
    await rows.replace([{ id: 'p', server, pushed }], keep);
    await (await plans.findOne('p').exec(true)).patch({ body: 'low written' });
    const both = merge(pushed.state, (await readOne(rows)).state);
    const { body } = readRich(both.rich, [['body', 'text']]);
    expect(body).toContain('REFUSED');
    expect(body).toContain('written');
  });

  it('[RF7] a local write that comes between keeping and going back does not make two records of it', async () => {
    const { plans, rows, kept } = await openPlans();
    const plan = await plans.insert({ id: 'p', title: 'Hull' });
    const server = await acknowledge(rows);
    await plan.incrementalPatch({ title: 'Keel' });
    const pushed = await readOne(rows);
    await rows.replace([{ id: 'p', server, pushed }], async (refused) => {
      kept.push(...refused);
      if (kept.length === 1) await plan.incrementalPatch({ body: 'later' });
    });
    expect(kept.map(({ returned }) => returned)).toEqual([1, 1]);
    expect((await plans.findOne('p').exec(true)).toJSON()).toMatchObject({ title: 'Hull', body: 'later' });
  });

  it('[RF7] what the user had written is kept before it is gone from the document', async () => {
    const { plans, rows } = await openPlans();
    const plan = await plans.insert({ id: 'p', title: 'Hull' });
    const server = await acknowledge(rows);
    await plan.patch({ title: 'Keel' });
    const shown: unknown[] = [];
    await rows.replace([{ id: 'p', server, pushed: await readOne(rows) }], async () => {
      await new Promise((resolve) => setImmediate(resolve));
      shown.push((await storedDocument(plans, 'p')).title);
    });
    shown.push((await storedDocument(plans, 'p')).title);
    expect(shown).toEqual(['Keel', 'Hull']);
  });

  it('[RF5] what was written anew since is not kept as refused', async () => {
    const { plans, rows, kept, keep } = await openPlans();
    const plan = await plans.insert({ id: 'p', title: 'Hull', likes: 1 });
    const server = await acknowledge(rows);
    await plan.incrementalPatch({ title: 'Refused', likes: 5, address: { city: 'Kiel' } });
    const pushed = await readOne(rows);
    await plan.incrementalPatch({ title: 'Later', likes: 6 });
    await rows.replace([{ id: 'p', server, pushed }], keep);
    expect(kept.map(({ paths }) => paths.filter((path) => !path.startsWith('likes')))).toEqual([['address.city']]);
    expect(kept[0]?.paths).toHaveLength(2);
    expect((await plans.findOne('p').exec(true)).toJSON()).toMatchObject({ title: 'Later', likes: 2 });
  });

  it('[BT6] what a newer batch has written to a row that goes back still belongs to that', async () => {
    const { plans, rows, keep } = await openPlans();
    await plans.insert({ id: 'p', title: 'Hull', likes: 1 });
    const server = await acknowledge(rows);
    const write = async (batch: string, change: object) => {
      const previous = await storedDocument(plans as unknown as RxCollection, 'p');
      await plans.storageInstance.bulkWrite(
        [{ previous, document: { ...previous, ...change } }] as never,
        batchContext(batch),
      );
    };
    await write('older', { title: 'Keel' });
    const pushed = await readOne(rows);
    await write('newer', { body: 'later' });
    await rows.replace([{ id: 'p', server, pushed }], keep);
    const { meta, pending } = await storedMeta(plans as unknown as RxCollection, 'p');
    expect([meta.batches, pending]).toEqual([['newer'], ['body']]);
  });

  it('[RF5] edits of content that were made later and stay are not in what is kept', async () => {
    const { plans, rows, kept, keep } = await openPlans();
    const plan = await plans.insert({ id: 'p', title: 'Hull', body: 'tide', likes: 1 });
    const server = await acknowledge(rows);
    await plan.incrementalPatch({ title: 'Refused', likes: 5 });
    const pushed = await readOne(rows);
    await plan.incrementalPatch({ body: 'high tide', likes: 6 });
    await rows.replace([{ id: 'p', server, pushed }], keep);
    expect(kept).toMatchObject([{ document: { title: 'Refused', body: 'tide', likes: 5 }, contents: { likes: 1 } }]);
    expect(kept[0]?.paths).not.toContain('body');
    expect((await plans.findOne('p').exec(true)).toJSON()).toMatchObject({
      title: 'Hull',
      body: 'high tide',
      likes: 2,
    });
  });

  it('[RF7] what is no longer lost when it goes back is named to be forgotten', async () => {
    const { plans, rows } = await openPlans();
    const plan = await plans.insert({ id: 'p', title: 'Hull' });
    const asked: [number, readonly string[]][] = [];
    await rows.replace([{ id: 'p', server: undefined }], async (refused, ids) => {
      asked.push([refused.length, ids]);
      if (asked.length === 1) await plan.incrementalRemove();
    });
    expect(asked).toEqual([
      [1, ['p']],
      [0, ['p']],
    ]);
  });

  it('[EP5] what only a server had that was set back stays, and what it lacks is not taken for refused', async () => {
    const { plans, rows, kept, keep } = await openPlans();
    const plan = await plans.insert({ id: 'p', title: 'Hull', likes: 3 });
    await acknowledge(rows);
    await plan.incrementalPatch({ title: 'Refused' });
    const pushed = await readOne(rows);
    await rows.replace([{ id: 'p', server: undefined, pushed, isWhole: true }], keep);
    expect((await plans.findOne('p').exec(true)).likes).toBe(3);
    expect(kept.map(({ paths }) => paths)).toEqual([['title']]);
  });

  it('[PG5] a row that has forgotten its content is another one', async () => {
    const { plans, rows, keep } = await openPlans();
    await plans.insert({ id: 'p', title: 'Hull', body: 'tide' });
    const { state } = await acknowledge(rows);
    await rows.mergeRows([{ id: 'p', seq: 2, state: { ...state, rich: undefined } }], keep);
    expect((await plans.findOne('p').exec(true)).body).toBe('');
  });

  it('[AR7] what the server has stored of a row that went back while it was on its way is here again', async () => {
    const { plans, rows, keep } = await openPlans();
    await plans.insert({ id: 'p', title: 'Hull' });
    const pushed = await readOne(rows);
    await rows.replace([{ id: 'p', server: undefined }], keep);
    expect(await plans.findOne('p').exec()).toBeNull();
    await rows.acknowledge([{ id: 'p', pushed, seq: 4 }]);
    expect((await plans.findOne('p').exec(true)).title).toBe('Hull');
  });

  it('[RF7] a row that was seen later than it should be stays', async () => {
    const { plans, rows, kept, keep } = await openPlans();
    await plans.insert({ id: 'p', title: 'Hull' });
    await acknowledge(rows, 9);
    await rows.replace([{ id: 'p', server: undefined, upToSeq: 8 }], keep);
    expect((await plans.findOne('p').exec(true)).title).toBe('Hull');
    expect(kept).toEqual([]);
  });
});
