import {
  type Collections,
  decodeState,
  delta,
  encodeState,
  merge,
  NO_STAMP,
  pick,
  type State,
  toPath,
} from '@breakwater/crdt';
import { addRxPlugin, type RxCollection, type RxDatabase, type RxStorage } from 'rxdb';
import { RxDBUpdatePlugin } from 'rxdb/plugins/update';
import { afterEach, describe, expect, it } from 'vitest';
import { type CollectionsOf, createDatabase } from '../src/create-database.ts';
import { createLocalRows } from '../src/storage/local-rows.ts';
import { withBreakwater } from '../src/storage/with-breakwater.ts';
import { planCollections } from './note-collections.ts';
import { storedDocument, storedMeta } from './stored-rows.ts';

type Definitions = typeof planCollections extends Collections<infer T> ? T : never;
type Plans = CollectionsOf<Definitions>['plans'];
type Plan = Awaited<ReturnType<Plans['insert']>>;

addRxPlugin(RxDBUpdatePlugin);

const EMPTY = { body: '', tags: [], steps: [], likes: 0 };
const FULL = { id: 'a', title: 'Hull', body: 'old', tags: ['x'], steps: ['one', 'two'], likes: 2 };
const EDIT = { body: 'bold', tags: ['x', 'y'], steps: ['two'], likes: 5 };

/** Every path by which RxDB writes a document, and what it does to fields that are no registers. */
export function describeRichCapture(name: string, createStorage: () => RxStorage<unknown, unknown>): void {
  describe(`capture of rich fields on ${name}`, () => {
    const open: RxDatabase[] = [];

    async function openPlans(databaseName = `rich-${crypto.randomUUID()}`, storage = createStorage()) {
      const options = { name: databaseName, storage, collections: planCollections, multiInstance: false };
      const database = await createDatabase(options);
      open.push(database as unknown as RxDatabase);
      return (database as RxDatabase<CollectionsOf<Definitions>>).plans;
    }

    const replica = async (storage?: RxStorage<unknown, unknown>) => {
      const plans = await openPlans(undefined, storage);
      return { plans, rows: createLocalRows(plans as unknown as RxCollection) };
    };
    type Device = Awaited<ReturnType<typeof replica>>;

    async function rowOf({ rows }: Device, id = 'a') {
      const [row] = await rows.read([id]);
      if (row === undefined) throw new Error(`'${id}' is not stored`);
      return row;
    }

    /** Each hears of the other's row. */
    async function exchange(left: Device, right: Device): Promise<void> {
      const [a, b] = [await rowOf(left), await rowOf(right)];
      await right.rows.mergeRows([{ id: 'a', seq: 1, state: a.state }]);
      await left.rows.mergeRows([{ id: 'a', seq: 1, state: b.state }]);
    }

    async function shown({ plans }: Device): Promise<unknown> {
      const { id: _id, ...fields } = (await plans.findOne('a').exec(true)).toJSON();
      return fields;
    }

    /** Two devices that hold the same document. */
    async function openPair(fields: object = FULL): Promise<[Device, Device]> {
      const pair: [Device, Device] = [await replica(), await replica()];
      await pair[0].plans.insert(fields as typeof FULL);
      await pair[1].rows.mergeRows([{ id: 'a', seq: 1, state: (await rowOf(pair[0])).state }]);
      return pair;
    }

    const patch = async ({ plans }: Device, change: object) => {
      await (await plans.findOne('a').exec(true)).incrementalPatch(change);
    };

    afterEach(async () => {
      for (const database of open.splice(0)) await database.close();
    });

    it('[CT20] an insert writes content into the Yjs state and the own counter, and marks what is not empty', async () => {
      const device = await replica();
      const doc = await device.plans.insert({ id: 'a', title: 'Hull', body: 'text', likes: 3 });
      expect(doc.toJSON()).toEqual({ id: 'a', title: 'Hull', ...EMPTY, body: 'text', likes: 3 });
      const { pending, stampByPath } = await storedMeta(device.plans as unknown as RxCollection, 'a');
      const [counter] = Object.keys(stampByPath);
      expect(Object.keys(stampByPath)).toEqual([expect.stringMatching(/^likes\.[a-z]{12}$/), 'title']);
      expect(pending).toEqual(['body', counter, 'title']);
    });

    it('[CT21] a field that is no register is never absent', async () => {
      const device = await replica();
      const doc = await device.plans.insert({ id: 'a', title: 'Hull' });
      expect(doc.toJSON()).toEqual({ id: 'a', title: 'Hull', ...EMPTY });
      expect((await storedMeta(device.plans as unknown as RxCollection, 'a')).pending).toEqual(['title']);
    });

    it.each<[string, (doc: Plan) => Promise<unknown>]>([
      ['patch', (doc) => doc.patch(EDIT)],
      ['incrementalPatch', (doc) => doc.incrementalPatch(EDIT)],
      ['modify', (doc) => doc.modify((data) => ({ ...data, ...EDIT }))],
      ['modify with a fresh object', (doc) => doc.modify(() => ({ ...FULL, ...EDIT, _attachments: {} }))],
      ['incrementalModify', (doc) => doc.incrementalModify((data) => ({ ...data, ...EDIT }))],
      ['update', (doc) => doc.update({ $set: EDIT })],
      ['query.patch', (doc) => doc.collection.find({ selector: { id: 'a' } }).patch(EDIT)],
      ['upsert', (doc) => doc.collection.upsert({ ...FULL, ...EDIT })],
      ['bulkUpsert', (doc) => doc.collection.bulkUpsert([{ ...FULL, ...EDIT }])],
    ])('[CT22] %s edits what differs, and merges with what another device did meanwhile', async (_, write) => {
      const [left, right] = await openPair();
      await write((await left.plans.findOne('a').exec(true)) as unknown as Plan);
      await patch(right, { body: 'old, but longer', tags: ['x', 'z'], steps: ['one', 'two', 'three'], likes: 1 });
      await exchange(left, right);
      const merged = {
        title: 'Hull',
        body: 'bold, but longer',
        tags: ['x', 'y', 'z'],
        steps: ['two', 'three'],
        likes: 4,
      };
      expect([await shown(left), await shown(right)]).toEqual([merged, merged]);
    });

    it('[CT22] a write that leaves the content as it is changes nothing', async () => {
      const device = await replica();
      const doc = await device.plans.insert(FULL);
      const before = await storedMeta(device.plans as unknown as RxCollection, 'a');
      await doc.patch({ body: 'old', tags: ['x'], steps: ['one', 'two'], likes: 2 });
      expect((await storedMeta(device.plans as unknown as RxCollection, 'a')).meta).toEqual(before.meta);
    });

    it('[CT23] a removed field is emptied', async () => {
      const [left, right] = await openPair();
      const doc = await left.plans.findOne('a').exec(true);
      await doc.incrementalModify(
        ({ body: _b, tags: _t, steps: _s, likes: _l, ...data }) => data as unknown as typeof FULL,
      );
      await exchange(left, right);
      expect([await shown(left), await shown(right)]).toEqual([
        { title: 'Hull', ...EMPTY },
        { title: 'Hull', ...EMPTY },
      ]);
    });

    it('[CT24] content survives removal, and edits made meanwhile stay in the tombstone', async () => {
      const [left, right] = await openPair();
      await (await left.plans.findOne('a').exec(true)).remove();
      await patch(right, { body: 'old and edited' });
      await exchange(left, right);
      const stored = await storedDocument(left.plans as unknown as RxCollection, 'a');
      expect([stored._deleted, stored.body, stored.likes]).toEqual([true, 'old and edited', 2]);
    });

    it('[CT25] an insert over a tombstone starts anew: nothing of before is merged in', async () => {
      const [left, right] = await openPair();
      await (await left.plans.findOne('a').exec(true)).remove();
      await left.plans.insert({ id: 'a', title: 'Keel', body: 'fresh', likes: 1 });
      await patch(right, { body: 'old and edited', tags: ['x', 'z'] });
      await exchange(left, right);
      const revived = { title: 'Keel', ...EMPTY, body: 'fresh', likes: 1 };
      expect([await shown(left), await shown(right)]).toEqual([revived, revived]);
    });

    it('[CT26] what two devices insert alike under one id is there once; counts add up', async () => {
      const [left, right] = [await replica(), await replica()];
      await left.plans.insert(FULL);
      await right.plans.insert(FULL);
      await exchange(left, right);
      const { id: _id, ...once } = { ...FULL, likes: 4 };
      expect([await shown(left), await shown(right)]).toEqual([once, once]);
    });

    it('[CT27] content of another type fails its row with a clear error, and no other row', async () => {
      const { plans } = await replica();
      const result = await plans.bulkInsert([
        { ...FULL, id: 'a', body: 7 as unknown as string },
        { ...FULL, id: 'b', tags: 'x' as unknown as string[] },
        { ...FULL, id: 'c', likes: 'x' as unknown as number },
        { ...FULL, id: 'd' },
      ]);
      expect(result.success.map(({ id }) => id)).toEqual(['d']);
      expect(result.error.map(({ status }) => status)).toEqual([422, 422, 422]);
      expect(JSON.stringify(result.error[0])).toContain('body: it merges as text');
    });

    it('[CT28] a set shows each member once, sorted', async () => {
      const { plans } = await replica();
      const doc = await plans.insert({ ...FULL, tags: ['b', 'a', 'b'] });
      expect(doc.toJSON().tags).toEqual(['a', 'b']);
    });

    it('[CT30] each database counts in its own register, or under the name that it was given', async () => {
      const storage = createStorage();
      const first = await replica(withBreakwater(storage, { collections: planCollections, replica: 'desk' }));
      await first.plans.insert(FULL);
      await patch(first, { likes: 7 });
      const { state } = await rowOf(first);
      expect(state.registers.get('likes.desk' as never)?.value).toBe(7);
    });

    it('[CT31] a storage that was wrapped without the merge kinds is refused by name', async () => {
      const storage = withBreakwater(createStorage(), { collections: ['plans'] });
      const options = {
        name: `rich-${crypto.randomUUID()}`,
        storage,
        collections: planCollections,
        multiInstance: false,
      };
      await expect(createDatabase(options)).rejects.toThrow('plans: the storage was wrapped without');
    });

    it('[LR10] a merge shows the merged content; other fields’ news leave it alone', async () => {
      const [left, right] = await openPair();
      await patch(right, { title: 'Keel' });
      await patch(left, { body: 'mine' });
      await exchange(left, right);
      const { id: _id, ...merged } = { ...FULL, title: 'Keel', body: 'mine' };
      expect([await shown(left), await shown(right)]).toEqual([merged, merged]);
      expect((await rowOf(left)).state.rich).toEqual((await rowOf(right)).state.rich);
    });

    it('[LR11] an unpushed edit of content stays pending over a merge, unless another generation began', async () => {
      const [left, right] = await openPair();
      await left.rows.acknowledge([{ id: 'a', pushed: await rowOf(left), seq: 1 }]);
      await patch(left, { body: 'mine' });
      await patch(right, { body: 'old!' });
      await left.rows.mergeRows([{ id: 'a', seq: 2, state: (await rowOf(right)).state }]);
      expect([...(await rowOf(left)).pending]).toContain('body');
      await (await right.plans.findOne('a').exec(true)).remove();
      await right.plans.insert({ id: 'a', title: 'Keel' });
      await left.rows.mergeRows([{ id: 'a', seq: 3, state: (await rowOf(right)).state }]);
      expect([...(await rowOf(left)).pending]).toEqual([]);
    });

    it('[SY3] what is new in a text, told in pieces, is merged piece by piece on top of what is here', async () => {
      const [left, right] = await openPair();
      await left.rows.acknowledge([{ id: 'a', pushed: await rowOf(left), seq: 1 }]);
      const states = [(await rowOf(right)).state];
      for (const body of ['old and worn', 'old and worn, but ours']) {
        await patch(right, { body });
        states.push((await rowOf(right)).state);
      }
      const [first, second, third] = states as [State, State, State];
      const news = { id: 'a', seq: 3, base: 1, state: delta(second, first), onTop: [delta(third, second)] };
      const lacking: string[] = [];
      await left.rows.mergeRows([news], undefined, (id) => lacking.push(id));
      expect(await shown(left)).toMatchObject({ body: 'old and worn, but ours' });
      await left.rows.mergeRows(
        [
          { ...news, id: 'b' },
          { ...news, base: 4 },
        ],
        undefined,
        (id) => lacking.push(id),
      );
      expect(lacking).toEqual(['b', 'a']);
      const later = { ...news.state, generation: third.registers.get(toPath(['title']))?.stamp ?? NO_STAMP };
      await left.rows.mergeRows([{ ...news, state: later, onTop: [] }], undefined, (id) => lacking.push(id));
      expect(lacking).toEqual(['b', 'a', 'a']);
    });

    it('[AR4] an ack clears content only as it was pushed', async () => {
      const device = await replica();
      await device.plans.insert(FULL);
      const pushed = await rowOf(device);
      await patch(device, { body: 'newer' });
      await device.rows.acknowledge([{ id: 'a', pushed, seq: 1 }]);
      expect([...(await rowOf(device)).pending]).toEqual(['body', 'steps', 'tags']);
      await device.rows.acknowledge([{ id: 'a', pushed: await rowOf(device), seq: 2 }]);
      expect([...(await rowOf(device)).pending]).toEqual([]);
    });

    it('[AR5] of a large Yjs state only what the server lacks goes up', async () => {
      const device = await replica();
      await device.plans.insert({ ...FULL, body: 'x'.repeat(20_000) });
      const first = await rowOf(device);
      expect(device.rows.knownOf(first)).toBeUndefined();
      await device.rows.acknowledge([{ id: 'a', pushed: first, seq: 1 }]);
      await patch(device, { body: `${'x'.repeat(20_000)}y` });
      const row = await rowOf(device);
      const pushed = decodeState(encodeState(pick(row.state, [toPath(['body'])], device.rows.knownOf(row))));
      expect(pushed.rich?.length).toBeLessThan(100);
      expect(merge(first.state, pushed)).toEqual(row.state);
    });

    it('[AR6] what the server has of one generation is nothing of the next', async () => {
      const device = await replica();
      await device.plans.insert({ ...FULL, body: 'x'.repeat(20_000) });
      await device.rows.acknowledge([{ id: 'a', pushed: await rowOf(device), seq: 1 }]);
      await (await device.plans.findOne('a').exec(true)).remove();
      expect(device.rows.knownOf(await rowOf(device))).toBeDefined();
      await device.plans.insert({ ...FULL, body: 'y'.repeat(20_000) });
      expect(device.rows.knownOf(await rowOf(device))).toBeUndefined();
    });

    it('[SC3] documents from before the storage was wrapped bring their content along, the same on each reading', async () => {
      const device = await replica();
      await device.plans.insert(FULL);
      const { document } = await rowOf(device);
      const bare = { ...document, _meta: { lwt: document._meta.lwt + 1 }, _rev: '2-bare' };
      await device.plans.storageInstance.originalStorageInstance.bulkWrite(
        [{ previous: document as never, document: bare as never }],
        'breakwater-merge',
      );
      const [first, second] = [await rowOf(device), await rowOf(device)];
      expect(first.state).toEqual(second.state);
      expect([...first.pending].sort()).toEqual(['body', 'likes.0000000000', 'steps', 'tags', 'title']);
      await patch(device, { body: 'old and new' });
      const { id: _id, ...now } = { ...FULL, body: 'old and new' };
      expect(await shown(device)).toEqual(now);
    });
  });
}
