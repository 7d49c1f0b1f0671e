import type { Collections } from '@breakwater/crdt';
import { addRxPlugin, type RxCollection, type RxDatabase } from 'rxdb';
import { RxDBAttachmentsPlugin } from 'rxdb/plugins/attachments';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { afterEach, describe, expect, it } from 'vitest';
import { type CollectionsOf, createDatabase } from '../src/create-database.ts';
import { createLocalRows, type LocalRows } from '../src/storage/local-rows.ts';
import { withBreakwater } from '../src/storage/with-breakwater.ts';
import { planCollections } from './note-collections.ts';
import { storedDocument, storedMeta } from './stored-rows.ts';

addRxPlugin(RxDBAttachmentsPlugin);

type Definitions = typeof planCollections extends Collections<infer T> ? T : never;
type Plans = CollectionsOf<Definitions>['plans'];
type Plan = Awaited<ReturnType<Plans['insert']>>;
type Fields = ReturnType<Plan['toMutableJSON']>;

interface Device {
  readonly plans: Plans;
  readonly rows: LocalRows;
}

const open: RxDatabase[] = [];
let nowMs = Date.now();

afterEach(async () => {
  for (const database of open.splice(0)) await database.close();
});

/** Every write is later than the one before, on whichever device. */
async function openDevice(): Promise<Device> {
  const storage = withBreakwater(getRxStorageMemory(), { collections: planCollections, now: () => nowMs++ });
  const name = `concurrent-${crypto.randomUUID()}`;
  const database = await createDatabase({ name, storage, collections: planCollections, multiInstance: false });
  open.push(database as unknown as RxDatabase);
  return { plans: database.plans, rows: createLocalRows(database.plans as unknown as RxCollection) };
}

const FIRST = { id: 'a', title: 'Hull', body: 'one two', tags: ['x'], steps: ['one', 'two'], likes: 10 };

type Act = (device: Device) => Promise<unknown>;

const edit =
  (change: (fields: Fields) => object): Act =>
  async ({ plans }) => {
    const doc = await plans.findOne('a').exec(true);
    return doc.incrementalModify((fields) => change(structuredClone(fields as Fields)) as typeof fields);
  };
const patch = (change: object): Act => edit((fields) => ({ ...fields, ...change }));
const insert =
  (fields: object): Act =>
  ({ plans }) =>
    plans.insert({ id: 'a', title: 'Hull', ...fields } as typeof FIRST);
const remove: Act = async ({ plans }) => (await plans.findOne('a').exec(true)).remove();
const attach =
  (id: string, text: string): Act =>
  async ({ plans }) => {
    const doc = await plans.findOne('a').exec(true);
    return doc.putAttachment({ id, data: new Blob([text]), type: 'text/plain' });
  };

async function send(from: Device, to: Device): Promise<void> {
  const [row] = await from.rows.read(['a']);
  if (row) await to.rows.mergeRows([{ id: 'a', seq: 1, state: row.state }]);
}

type Merged = Fields & { _deleted: boolean; registers: { [path: string]: { value: unknown } } };

/** The document that both hold after the first act was done on one device, then the others offline and exchanged. */
async function meet(first: Act | undefined, earlier: readonly Act[], later: readonly Act[]) {
  const [left, right] = [await openDevice(), await openDevice()];
  if (first) await first(left);
  if (first) await send(left, right);
  for (const act of earlier) await act(left);
  for (const act of later) await act(right);
  await send(left, right);
  await send(right, left);
  const documents = await Promise.all(
    [left, right].map(({ plans }) => storedDocument(plans as unknown as RxCollection, 'a')),
  );
  const metas = await Promise.all([left, right].map(({ plans }) => storedMeta(plans as unknown as RxCollection, 'a')));
  const [a, b] = documents.map(({ _rev, _meta, _attachments, ...fields }) => fields);
  expect(a).toEqual(b);
  expect(metas[0]?.meta.stamps).toEqual(metas[1]?.meta.stamps);
  expect(metas[0]?.meta.rich).toEqual(metas[1]?.meta.rich);
  const [row] = await left.rows.read(['a']);
  return { ...a, registers: Object.fromEntries(row?.state.registers ?? []) } as unknown as Merged;
}

describe('what two concurrent edits give', () => {
  it('[CE1] register: the later write', async () => {
    const merged = await meet(insert(FIRST), [patch({ title: 'Stern' })], [patch({ title: 'Keel' })]);
    expect(merged.title).toBe('Keel');
  });

  it('[CE2] nested fields: both', async () => {
    const [city, street] = [patch({ address: { city: 'Kiel' } }), patch({ address: { street: 'Kai 1' } })];
    expect((await meet(insert(FIRST), [city], [street])).address).toEqual({ city: 'Kiel', street: 'Kai 1' });
  });

  it('[CE3] register removed and written: whichever is later', async () => {
    const removed = edit(({ address: _address, ...fields }) => fields);
    const written = patch({ address: { city: 'Kiel' } });
    const first = insert({ ...FIRST, address: { city: 'Bremen' } });
    expect((await meet(first, [removed], [written])).address).toEqual({ city: 'Kiel' });
    expect(await meet(first, [written], [removed])).not.toHaveProperty('address');
  });

  it('[CE4] text edited in two places: both', async () => {
    expect((await meet(insert(FIRST), [patch({ body: 'One two' })], [patch({ body: 'one two!' })])).body).toBe(
      'One two!',
    );
  });

  it('[CE5] text inserted at one place: both, one after the other', async () => {
    const merged = await meet(insert(FIRST), [patch({ body: 'one A two' })], [patch({ body: 'one B two' })]);
    expect(['one A B two', 'one B A two', 'one AB  two', 'one BA  two']).toContain(merged.body);
  });

  it('[CE6] text deleted that the other typed into: what was typed stays', async () => {
    expect((await meet(insert(FIRST), [patch({ body: 'two' })], [patch({ body: 'on-e two' })])).body).toBe('-two');
  });

  it('[CE7] list: items added, removed and kept, each by itself', async () => {
    const merged = await meet(
      insert(FIRST),
      [patch({ steps: ['zero', 'one', 'two'] })],
      [patch({ steps: ['two', 'three'] })],
    );
    expect(merged.steps).toEqual(['zero', 'two', 'three']);
  });

  it('[CE8] list item changed or moved by both: removed once, there twice', async () => {
    const merged = await meet(insert(FIRST), [patch({ steps: ['uno', 'two'] })], [patch({ steps: ['eins', 'two'] })]);
    expect([...(merged.steps as string[])].sort()).toEqual(['eins', 'two', 'uno']);
  });

  it('[CE9] set: members added and removed, each by itself; one that both add is there once', async () => {
    const merged = await meet(insert(FIRST), [patch({ tags: ['a', 'b', 'x'] })], [patch({ tags: ['b', 'c'] })]);
    expect(merged.tags).toEqual(['a', 'b', 'c']);
  });

  it('[CE10] set member removed, and removed and added again: there', async () => {
    const merged = await meet(insert(FIRST), [patch({ tags: [] })], [patch({ tags: [] }), patch({ tags: ['x'] })]);
    expect(merged.tags).toEqual(['x']);
  });

  it('[CE11] counter: both differences', async () => {
    expect((await meet(insert(FIRST), [patch({ likes: 12 })], [patch({ likes: 7 })])).likes).toBe(9);
  });

  it('[CE12] text, list, set or counter removed and edited: what was there goes, what came stays', async () => {
    const removed = edit(({ body: _b, tags: _t, steps: _s, likes: _l, ...fields }) => fields);
    const edited = patch({ body: 'one two three', tags: ['x', 'y'], steps: ['one', 'two', 'three'], likes: 11 });
    const expected = { body: ' three', tags: ['y'], steps: ['three'], likes: 1 };
    expect(await meet(insert(FIRST), [removed], [edited])).toMatchObject(expected);
    expect(await meet(insert(FIRST), [edited], [removed])).toMatchObject(expected);
  });

  it('[CE13] document deleted and edited: deleted, with the edits in its tombstone', async () => {
    const edited = patch({ title: 'Keel', body: 'one two three', likes: 11 });
    const expected = { _deleted: true, title: 'Keel', body: 'one two three', likes: 11 };
    expect(await meet(insert(FIRST), [remove], [edited])).toMatchObject(expected);
    expect(await meet(insert(FIRST), [edited], [remove])).toMatchObject(expected);
  });

  it('[CE14] document deleted and inserted again, and edited before that: as it was inserted', async () => {
    const merged = await meet(
      insert(FIRST),
      [patch({ title: 'Keel', body: 'edited', likes: 11 })],
      [remove, insert({ likes: 1 })],
    );
    expect(merged).toMatchObject({ _deleted: false, title: 'Hull', body: '', tags: [], likes: 1 });
  });

  it('[CE15] … and edited after that: registers and own counts are there too, text, lists and sets are not', async () => {
    const edited = [patch({ likes: 11 }), patch({ title: 'Keel', body: 'edited', likes: 12 })];
    const merged = await meet(insert(FIRST), [remove, insert({ likes: 1 })], edited);
    expect(merged).toMatchObject({ _deleted: false, title: 'Keel', body: '', tags: [], likes: 3 });
  });

  it('[CE16] inserted under one id: field by field; equal texts once, others one after the other', async () => {
    const [left, right] = [insert({ steps: ['l'], tags: ['l'] }), insert({ steps: ['r'], tags: ['r'], body: 'r' })];
    const merged = await meet(undefined, [left], [right]);
    expect([...(merged.steps as string[])].sort()).toEqual(['l', 'r']);
    expect(merged).toMatchObject({ title: 'Hull', body: 'r', tags: ['l', 'r'] });
    expect((await meet(undefined, [insert({ body: 'same' })], [insert({ body: 'same' })])).body).toBe('same');
  });

  it('[CE17] attachments: of one name the later, of different names both', async () => {
    const merged = await meet(
      insert(FIRST),
      [attach('plan', 'old'), attach('left', 'l')],
      [attach('plan', 'newer'), attach('right', 'r')],
    );
    const lengthOf = (name: string) => merged.registers[`_attachments.${name}`]?.value;
    expect(lengthOf('plan')).toMatchObject({ length: 'newer'.length });
    expect([lengthOf('left'), lengthOf('right')]).toMatchObject([{ length: 1 }, { length: 1 }]);
  });
});
