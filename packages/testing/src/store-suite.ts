import type {
  BlobPlace,
  BlobRef,
  Commit,
  PageQuery,
  RowKey,
  RowPlace,
  RowWrite,
  Store,
  StoredRow,
  StorePage,
  TombstoneQuery,
} from '@breakwater/server';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeRoomStore } from './room-store-suite.ts';

export interface StoreUnderTest {
  /** `now` answers milliseconds since 1970. */
  create(now: () => number): Promise<Store> | Store;
  /** Opens again what a closed store has kept; without it the rules about keeping are skipped. */
  reopen?(now: () => number): Promise<Store> | Store;
  /** Removes what the store has kept. */
  dispose?(): Promise<void> | void;
}

const TENANT = 'acme';
const LABEL = 'everybody';
const START_MS = 1_700_000_000_000;

/** Names that are special to somebody: to JavaScript, to SQL, to file systems, to Unicode. */
const ODD_NAMES = [
  '__proto__',
  'constructor',
  '',
  ' ',
  '%',
  '_',
  `it's "quoted"`,
  '../..',
  'a\nb',
  '😀',
  '\u00e9',
  'e\u0301',
];

/** The rules of the port; whoever implements it hands itself in. */
export function describeStore(name: string, { create, reopen, dispose }: StoreUnderTest): void {
  describe(`the store ${name}`, () => {
    let store: Store | undefined;
    let time = START_MS;
    const now = () => time;
    beforeEach(() => {
      time = START_MS;
    });
    afterEach(async () => {
      await store?.close();
      store = undefined;
      await dispose?.();
    });
    const open = async () => {
      store = await create(now);
      return store;
    };

    describeRoomStore({
      open,
      reopen:
        reopen &&
        (async () => {
          await store?.close();
          store = await reopen(now);
          return store;
        }),
    });

    test('[ST1] what decide throws is passed on, and nothing is written', async () => {
      const store = await open();
      await put(store, ['a']);
      const keys = [key('a'), key('b')];
      const failing = store.commit(TENANT, keys, () => {
        throw new Error('changed its mind');
      });
      await expect(failing).rejects.toThrow('changed its mind');
      expect(seqs(all(store))).toEqual([['a', 1]]);
      expect(store.head(TENANT, 'notes')).toBe(1);
    });

    test('[ST1] a fault at the n-th row undoes the rows before it', async () => {
      const store = await open();
      const keys = [key('a'), key('b')];
      const writes = [row('a'), row('not asked for'), row('b')];
      await expect(store.commit(TENANT, keys, () => ({ writes, result: 0 }))).rejects.toThrow();
      expect(all(store).rows).toEqual([]);
      expect(store.head(TENANT, 'notes')).toBe(0);
    });

    test('[ST1] a commit that fails takes no other with it', async () => {
      const store = await open();
      const failing = store.commit(TENANT, [key('b')], () => {
        throw new Error('changed its mind');
      });
      const settled = await Promise.allSettled([put(store, ['a']), failing, put(store, ['c'])]);
      expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(seqs(all(store))).toEqual([
        ['a', 1],
        ['c', 2],
      ]);
    });

    test('[ST2] seqs count up from 1 in the order of the writes, each collection by itself', async () => {
      const store = await open();
      const first = await put(store, ['a', 'b']);
      const second = await put(store, ['b', 'c']);
      await store.commit(TENANT, [key('a', 'tasks')], () => ({
        writes: [row('a', { collection: 'tasks' })],
        result: 0,
      }));
      expect([...first.rows, ...second.rows].map(({ id, seq }) => [id, seq])).toEqual([
        ['a', 1],
        ['b', 2],
        ['b', 3],
        ['c', 4],
      ]);
      expect([store.head(TENANT, 'notes'), store.head(TENANT, 'tasks'), store.head(TENANT, 'none')]).toEqual([4, 1, 0]);
    });

    test('[ST3] tenants and collections never see each other', async () => {
      const store = await open();
      await put(store, ['a']);
      let seen: readonly (StoredRow | undefined)[] = [];
      await store.commit('other', [key('a'), key('a', 'tasks')], (rows) => {
        seen = rows;
        return { writes: [], result: 0 };
      });
      expect(seen).toEqual([undefined, undefined]);
      expect(store.head('other', 'notes')).toBe(0);
      expect(store.page('other', 'notes', query()).rows).toEqual([]);
    });

    test('[ST4] a commit that writes nothing takes no seq and answers its result', async () => {
      const store = await open();
      await put(store, ['a']);
      const commit = await store.commit(TENANT, [key('a')], () => ({ writes: [], result: 'nothing new' }));
      expect(commit).toEqual({ result: 'nothing new', rows: [] });
      expect(store.head(TENANT, 'notes')).toBe(1);
    });

    test('[ST5] decide sees the rows in the order of the keys', async () => {
      const store = await open();
      await put(store, ['a', 'b']);
      const seen = await store.commit(TENANT, [key('b'), key('none'), key('a')], (rows) => ({
        writes: [],
        result: rows,
      }));
      expect(seen.result.map((found) => found?.seq)).toEqual([2, undefined, 1]);
      expect(seen.result[0]).toEqual({ seq: 2, deleted: false, state: row('b').state, labels: [LABEL] });
    });

    test('[ST13] one row is read as it is now', async () => {
      const store = await open();
      await put(store, ['a', 'b']);
      await put(store, ['a'], { deleted: true });
      expect(store.row(TENANT, key('a'))).toEqual({ seq: 3, deleted: true, state: row('a').state, labels: [LABEL] });
      expect(store.row(TENANT, key('none'))).toBeUndefined();
      expect(store.row('others', key('a'))).toBeUndefined();
    });

    test('[ST5] commits run one at a time: each sees those before it', async () => {
      const store = await open();
      await Promise.all(Array.from({ length: 200 }, () => increment(store)));
      expect(all(store).rows.map(({ state }) => count(state))).toEqual([200]);
      expect(store.head(TENANT, 'notes')).toBe(200);
    });

    test('[ST19] of more than maxBytes a commit loads the first rows, at least one, and may write no others', async () => {
      const store = await open();
      await put(store, ['a', 'b', 'c'], { state: new Uint8Array(100) });
      const keys = [key('a'), key('none'), key('b'), key('c')];
      const load = async (maxBytes?: number) => {
        const options = maxBytes === undefined ? {} : { maxBytes };
        const decide = (rows: readonly (StoredRow | undefined)[]) => ({ writes: [], result: rows });
        return (await store.commit(TENANT, keys, decide, options)).result.map((found) => found?.seq);
      };
      expect(await load()).toEqual([1, undefined, 2, 3]);
      expect(await load(300)).toEqual([1, undefined, 2, 3]);
      expect(await load(299)).toEqual([1, undefined, 2]);
      expect(await load(199)).toEqual([1, undefined]);
      expect(await load(1)).toEqual([1]);
      const write = (id: string) =>
        store.commit(TENANT, keys, () => ({ writes: [row(id)], result: 0 }), { maxBytes: 199 });
      expect((await write('a')).rows.map(({ seq }) => seq)).toEqual([4]);
      await expect(write('c')).rejects.toThrow();
    });

    test('[ST6] a page holds each row after the seq once, as it is now, in the order of seq', async () => {
      const store = await open();
      await put(store, ['a', 'b', 'c']);
      await put(store, ['a'], { deleted: true, state: Uint8Array.of(9) });
      expect(all(store)).toEqual({
        rows: [
          { id: 'b', seq: 2, deleted: false, state: row('b').state },
          { id: 'c', seq: 3, deleted: false, state: row('c').state },
          { id: 'a', seq: 4, deleted: true, state: Uint8Array.of(9) },
        ],
        checkpoint: 4,
        last: true,
      });
      expect(seqs(store.page(TENANT, 'notes', query({ after: 3 })))).toEqual([['a', 4]]);
      expect(store.page(TENANT, 'notes', query({ after: 4 }))).toEqual({ rows: [], checkpoint: 4, last: true });
      expect(store.page(TENANT, 'none', query())).toEqual({ rows: [], checkpoint: 0, last: true });
    });

    test('[ST7] a page ends at its rows or bytes, and goes on at its checkpoint', async () => {
      const store = await open();
      await put(store, ['a', 'b', 'c', 'd', 'e'], { state: new Uint8Array(100) });
      expect(cut(store, { maxRows: 2 })).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
      expect(cut(store, { maxRows: 5 })).toEqual([['a', 'b', 'c', 'd', 'e']]);
      expect(cut(store, { maxBytes: 320 })).toEqual([
        ['a', 'b', 'c'],
        ['d', 'e'],
      ]);
    });

    test('[ST7] a row larger than the page comes alone', async () => {
      const store = await open();
      await put(store, ['a', 'b', 'c'], { state: new Uint8Array(100) });
      expect(cut(store, { maxBytes: 1 })).toEqual([['a'], ['b'], ['c']]);
    });

    test('[ST8] a page holds only what the labels may read, and its checkpoint moves over the rest', async () => {
      const store = await open();
      await put(store, ['a', 'b'], { labels: ['red'] });
      await put(store, ['c'], { labels: ['blue', 'green'] });
      await put(store, ['d', 'e'], { labels: ['red'] });
      const page = (labels: string[], after = 0) => store.page(TENANT, 'notes', query({ labels, after }));
      expect(seqs(page(['green', 'yellow']))).toEqual([['c', 3]]);
      expect(page(['green']).checkpoint).toBe(5);
      expect(page(['green'], 3)).toEqual({ rows: [], checkpoint: 5, last: true });
      expect(page([])).toEqual({ rows: [], checkpoint: 5, last: true });
      expect(seqs(page(['red', 'blue'], 1))).toEqual([
        ['b', 2],
        ['c', 3],
        ['d', 4],
        ['e', 5],
      ]);
    });

    test('[ST8] a row moves to its new labels', async () => {
      const store = await open();
      await put(store, ['a'], { labels: ['red'] });
      await put(store, ['a'], { labels: ['blue'] });
      expect(store.page(TENANT, 'notes', query({ labels: ['red'] })).rows).toEqual([]);
      expect(seqs(store.page(TENANT, 'notes', query({ labels: ['blue'] })))).toEqual([['a', 2]]);
    });

    test('[LB8] a page tells of the rows that left its labels, up to its checkpoint, and of those only', async () => {
      const store = await open();
      await put(store, ['a', 'b', 'c', 'd'], { labels: ['red'] });
      await put(store, ['a'], { labels: ['blue'] });
      await put(store, ['b'], { labels: ['red', 'blue'] });
      await put(store, ['b'], { labels: ['blue'] });
      await put(store, ['c'], { labels: [] });
      await put(store, ['c'], { labels: ['red'] });
      await put(store, ['d'], { labels: ['blue'] });
      await put(store, ['d'], { labels: ['green'] });
      const told = (labels: string[], after: number, maxRows = 9) => {
        const { revoked = [], checkpoint } = store.page(TENANT, 'notes', query({ labels, after, maxRows }));
        return [revoked.map(({ id, seq }) => `${id} ${seq}`).sort(), checkpoint];
      };
      expect(told(['red'], 4)).toEqual([['a 5', 'b 7', 'd 10'], 11]);
      expect(told(['red'], 5)).toEqual([['b 7', 'd 10'], 11]);
      expect(told(['red', 'blue'], 4)).toEqual([['d 11'], 11]);
      expect(told(['red', 'blue'], 4, 1)).toEqual([[], 5]);
      expect(told(['red', 'blue'], 0)).toEqual([[], 11]);
      expect(told(['yellow'], 4)).toEqual([[], 11]);
    });

    test('[LB8] of more rows than fit, in several pages, each once', async () => {
      const store = await open();
      const ids = Array.from({ length: 2_500 }, (_, i) => `n${i}`);
      await put(store, ['first', ...ids], { labels: ['red'] });
      await put(store, ids, { labels: ['blue'] });
      await put(store, ['last'], { labels: ['red'] });
      const told: string[] = [];
      const rows: string[] = [];
      for (let page: StorePage | undefined; page?.last !== true; ) {
        const after: number = page?.checkpoint ?? 2_501;
        page = store.page(TENANT, 'notes', query({ labels: ['red'], after }));
        told.push(...(page.revoked ?? []).map(({ id }) => id));
        rows.push(...page.rows.map(({ id }) => id));
      }
      expect(told.sort()).toEqual(ids.sort());
      expect(rows).toEqual(['last']);
    });

    test('[LB11] the rows of all tenants are listed, step by step, without those that are deleted', async () => {
      const store = await open();
      const expected: string[] = [];
      for (const tenant of ODD_NAMES) {
        for (const collection of ['notes', 'tasks']) {
          const keys = ['a', 'b', 'gone'].map((id) => ({ collection, id }));
          const writes = keys.map((each) => ({ ...row(each.id), ...each, deleted: each.id === 'gone' }));
          await store.commit(tenant, keys, () => ({ writes, result: 0 }));
          expected.push(...['a', 'b'].map((id) => JSON.stringify({ tenant, collection, id })));
        }
      }
      const found: string[] = [];
      for (let after: RowPlace | undefined; ; ) {
        const places = store.places({ after, maxRows: 5 });
        found.push(...places.map(({ tenant, collection, id }) => JSON.stringify({ tenant, collection, id })));
        after = places.at(-1);
        if (after === undefined) break;
      }
      expect(found.sort()).toEqual(expected.sort());
    });

    test('[LB8] a commit answers which labels its rows left', async () => {
      const store = await open();
      expect((await put(store, ['a'], { labels: ['red', 'blue'] })).rows[0]?.left).toBeUndefined();
      expect((await put(store, ['a'], { labels: ['blue', 'green'] })).rows[0]?.left).toEqual(['red']);
      expect((await put(store, ['a'], { labels: ['blue', 'green'] })).rows[0]?.left).toBeUndefined();
    });

    test('[ST9] names mean nothing: tenants, collections, ids and labels of any kind stay apart', async () => {
      const store = await open();
      for (const name of ODD_NAMES) {
        const keys = ODD_NAMES.map((id) => ({ collection: name, id }));
        const writes = keys.map((each) => ({ ...row(each.id), ...each, labels: [name] }));
        await store.commit(name, keys, () => ({ writes, result: 0 }));
      }
      for (const name of ODD_NAMES) {
        expect(store.page(name, name, query({ labels: [name] })).rows.map(({ id }) => id)).toEqual(ODD_NAMES);
        expect(store.page(name, 'other', query({ labels: [name] })).rows).toEqual([]);
      }
    });

    test('[ST10] closing settles what was asked for; later commits fail by name', async () => {
      const store = await open();
      const asked = put(store, ['a']);
      await store.close();
      expect((await asked).rows.map(({ seq }) => seq)).toEqual([1]);
      await expect(put(store, ['b'])).rejects.toMatchObject({ name: 'StorageError' });
    });

    if (reopen !== undefined) {
      test('[ST11] everything is there after closing and opening again', async () => {
        const first = await open();
        const identity = first.identity();
        await put(first, ['a', 'b']);
        await put(first, ['a']);
        const before = all(first);
        await first.close();
        const second = await reopen(now);
        store = second;
        expect(second.identity()).toEqual(identity);
        expect(all(second)).toEqual(before);
        expect((await put(second, ['c'])).rows.map(({ seq }) => seq)).toEqual([4]);
      });
    }

    test('[ST14] tombstones last committed before the time are shrunk, and nothing else', async () => {
      const store = await open();
      await put(store, ['alive', 'a', 'b']);
      await put(store, ['a', 'b'], { deleted: true });
      time += 1;
      await put(store, ['young'], { deleted: true });
      await put(store, ['b'], { deleted: true });
      expect(await store.shrinkTombstones(tombstones(time), firstByte)).toBe(1);
      expect(all(store).rows).toEqual([
        { id: 'alive', seq: 1, deleted: false, state: row('alive').state },
        { id: 'a', seq: 4, deleted: true, state: firstByte(row('a').state) },
        { id: 'young', seq: 6, deleted: true, state: row('young').state },
        { id: 'b', seq: 7, deleted: true, state: row('b').state },
      ]);
      expect(store.head(TENANT, 'notes')).toBe(7);
    });

    test('[ST15] a tombstone is shrunk once, until it is written again', async () => {
      const store = await open();
      await put(store, ['a'], { deleted: true });
      time += 1;
      expect(await store.shrinkTombstones(tombstones(time), firstByte)).toBe(1);
      expect(await store.shrinkTombstones(tombstones(time), firstByte)).toBe(0);
      await put(store, ['a'], { deleted: true });
      time += 1;
      expect(await store.shrinkTombstones(tombstones(time), firstByte)).toBe(1);
      expect(all(store).rows).toEqual([{ id: 'a', seq: 2, deleted: true, state: firstByte(row('a').state) }]);
    });

    test('[ST16] a step ends at its rows or bytes, but takes at least one', async () => {
      const store = await open();
      const ids = ['a', 'b', 'c', 'd', 'e'];
      await put(store, ids, { deleted: true, state: new Uint8Array(100) });
      const limits = { rows: { maxRows: 2 }, bytes: { maxBytes: 250 }, one: { maxBytes: 1 } };
      const same = (state: Uint8Array) => state;
      const shrunk: number[] = [];
      for (const limit of [limits.rows, limits.bytes, limits.one, {}]) {
        shrunk.push(await store.shrinkTombstones(tombstones(time + 1, limit), same));
      }
      expect(shrunk).toEqual([2, 2, 1, 0]);
      const purged: number[] = [];
      for (const limit of [limits.rows, limits.bytes, limits.one, {}]) {
        purged.push(await store.purgeTombstones(tombstones(time + 1, limit)));
      }
      expect(purged).toEqual([2, 2, 1, 0]);
    });

    test('[ST17] what shrinking throws is passed on, and the step changes nothing', async () => {
      const store = await open();
      await put(store, ['a', 'b'], { deleted: true });
      const before = all(store);
      let calls = 0;
      const failing = store.shrinkTombstones(tombstones(time + 1), (state) => {
        calls += 1;
        if (calls === 2) throw new Error('no state');
        return firstByte(state);
      });
      await expect(failing).rejects.toThrow('no state');
      expect(all(store)).toEqual(before);
      expect(await store.shrinkTombstones(tombstones(time + 1), firstByte)).toBe(2);
    });

    test('[ST18] purging drops old tombstones, and their collection remembers the highest seq', async () => {
      const store = await open();
      await put(store, ['a', 'b', 'c', 'alive']);
      await put(store, ['b', 'a'], { deleted: true });
      await store.commit('other', [key('a')], () => ({ writes: [row('a', { deleted: true })], result: 0 }));
      time += 1;
      await put(store, ['c'], { deleted: true });
      expect([store.purgedBefore(TENANT, 'notes'), store.purgedBefore(TENANT, 'none')]).toEqual([0, 0]);
      expect(await store.purgeTombstones(tombstones(time))).toBe(3);
      expect(seqs(all(store))).toEqual([
        ['alive', 4],
        ['c', 7],
      ]);
      expect(store.row(TENANT, key('a'))).toBeUndefined();
      expect(['notes', 'tasks'].map((name) => store.purgedBefore(TENANT, name))).toEqual([6, 0]);
      expect(store.purgedBefore('other', 'notes')).toBe(1);
      expect(store.page('other', 'notes', query())).toEqual({ rows: [], checkpoint: 1, last: true });
      expect((await put(store, ['a'])).rows.map(({ seq }) => seq)).toEqual([8]);
      expect(store.purgedBefore(TENANT, 'notes')).toBe(6);
    });

    test('[ST18] the last page goes up to the head, also when the rows at its end were dropped', async () => {
      const store = await open();
      await put(store, ['a']);
      await put(store, ['b', 'c'], { deleted: true });
      await store.purgeTombstones(tombstones(time + 1));
      expect(all(store)).toMatchObject({ rows: [{ id: 'a', seq: 1 }], checkpoint: 3, last: true });
    });

    test('[ST18] what was dropped first counts no less than what is dropped later', async () => {
      const store = await open();
      await put(store, ['early', 'late'], { deleted: true });
      await put(store, ['early'], { deleted: true });
      time += 1;
      while ((await store.purgeTombstones(tombstones(time, { maxRows: 1 }))) > 0);
      expect(store.purgedBefore(TENANT, 'notes')).toBe(3);
    });

    test('[RM43] with its tombstone the life of a row ends', async () => {
      const store = await open();
      let drawn = 2 ** 40;
      const lifeOf = (id: string) =>
        store.rooms.life(TENANT, { collection: 'notes', id, generation: '' }, () => ++drawn);
      await put(store, ['a', 'b']);
      const before = [await lifeOf('a'), await lifeOf('b')];
      await put(store, ['a'], { deleted: true });
      await store.purgeTombstones(tombstones(time + 1));
      await put(store, ['a']);
      expect([await lifeOf('a'), await lifeOf('b')]).toEqual([drawn, before[1]]);
      expect(drawn).toBe(2 ** 40 + 3);
    });

    test('[ST10] a closed store neither shrinks nor purges', async () => {
      const store = await open();
      await store.close();
      await expect(store.shrinkTombstones(tombstones(time), firstByte)).rejects.toMatchObject({ name: 'StorageError' });
      await expect(store.purgeTombstones(tombstones(time))).rejects.toMatchObject({ name: 'StorageError' });
    });

    if (reopen !== undefined) {
      test('[ST11] what was shrunk and purged stays so after opening again', async () => {
        const first = await open();
        await put(first, ['purged', 'kept'], { deleted: true });
        await first.purgeTombstones(tombstones(time + 1, { maxRows: 1 }));
        const purgedBefore = first.purgedBefore(TENANT, 'notes');
        await first.shrinkTombstones(tombstones(time + 1), firstByte);
        const before = all(first);
        await first.close();
        const second = await reopen(now);
        store = second;
        expect(purgedBefore).toBeGreaterThan(0);
        expect(second.purgedBefore(TENANT, 'notes')).toBe(purgedBefore);
        expect(all(second)).toEqual(before);
        expect(await second.shrinkTombstones(tombstones(time + 1), firstByte)).toBe(0);
      });
    }

    test('[ST20] what a row refers to is kept in its commit: replaced, left as it is, and gone with the document', async () => {
      const store = await open();
      const refs = () => refsOf(store, 'a');
      await put(store, ['a'], { blobs: [RED, BLUE] });
      expect(refs()).toEqual([RED, BLUE]);
      await put(store, ['a']);
      expect(refs()).toEqual([RED, BLUE]);
      const failing = store.commit(TENANT, [key('a')], () => {
        return { writes: [row('a', { blobs: [] }), row('not asked for')], result: 0 };
      });
      await expect(failing).rejects.toThrow();
      expect(refs()).toEqual([RED, BLUE]);
      await put(store, ['a'], { blobs: [BLUE, GREEN] });
      expect(refs()).toEqual([BLUE, GREEN]);
      await put(store, ['a'], { deleted: true });
      expect(refs()).toEqual([]);
      expect(store.blobs.isReferenced(TENANT, BLUE)).toBe(false);
    });

    test('[ST20] a row is found by what it refers to, with its labels, length and writer', async () => {
      const store = await open();
      const other = { digest: RED.digest, length: 7 };
      await put(store, ['a', 'b'], { blobs: [RED] }, 'phone');
      await put(store, ['c'], { blobs: [other, BLUE], labels: ['few'] }, 'tablet');
      const found = store.blobs.rowsWith(TENANT, RED.digest, 10);
      expect([...found].sort((x, y) => (x.id < y.id ? -1 : 1))).toEqual([
        { ...key('a'), ...RED, labels: [LABEL], replica: 'phone' },
        { ...key('b'), ...RED, labels: [LABEL], replica: 'phone' },
        { ...key('c'), ...other, labels: ['few'], replica: 'tablet' },
      ]);
      expect(store.blobs.ofRow(TENANT, key('c'))).toContainEqual({
        ...key('c'),
        ...other,
        labels: ['few'],
        replica: 'tablet',
      });
      expect(store.blobs.ofRow(TENANT, key('c'), BLUE.digest).map(({ digest }) => digest)).toEqual([BLUE.digest]);
      expect(store.blobs.ofRow(TENANT, key('a'), BLUE.digest)).toEqual([]);
      expect(store.blobs.rowsWith(TENANT, RED.digest, 2)).toHaveLength(2);
      expect(store.blobs.rowsWith('others', RED.digest, 2)).toEqual([]);
      expect([RED, other, { ...RED, length: 8 }].map((blob) => store.blobs.isReferenced(TENANT, blob))).toEqual([
        true,
        true,
        false,
      ]);
    });

    test('[ST21] what is missing is listed for the replica that wrote it, each place once', async () => {
      const store = await open();
      await put(store, ['a', 'b', 'c'], { blobs: [RED, BLUE] }, 'phone');
      await put(store, ['d'], { blobs: [RED] }, 'tablet');
      // The writer of the row is another one now, but not that of the reference.
      await put(store, ['a'], { blobs: [RED, GREEN] }, 'tablet');
      expect(missing(store, 'phone', 10)).toEqual(['a red', 'b blue', 'b red', 'c blue', 'c red']);
      expect(missing(store, 'phone', 1)).toEqual(['a red', 'b blue', 'b red', 'c blue', 'c red']);
      expect(missing(store, 'tablet', 2)).toEqual(['a green', 'd red']);
      expect(missing(store, '', 2)).toEqual([]);
    });

    test('[ST22] what is stored is missing nowhere in the tenant, also to references that come later', async () => {
      const store = await open();
      await put(store, ['a'], { blobs: [RED] }, 'phone');
      await store.blobs.setStored(TENANT, RED.digest);
      await put(store, ['b'], { blobs: [RED, BLUE] }, 'phone');
      expect(missing(store, 'phone', 10)).toEqual(['b blue']);
      expect([RED, BLUE].map(({ digest }) => store.blobs.isStored(TENANT, digest))).toEqual([true, false]);
      expect(store.blobs.isStored('others', RED.digest)).toBe(false);
      await store.blobs.setGone(TENANT, RED.digest);
      expect(store.blobs.isStored(TENANT, RED.digest)).toBe(false);
      expect(missing(store, 'phone', 10)).toEqual(['a red', 'b blue', 'b red']);
    });

    test('[ST23] a commit sees what the rows refer to before it: bytes of each blob once, and rows with it', async () => {
      const store = await open();
      const seen = async () => {
        const look = await store.commit(TENANT, [], (_, use) => {
          return { writes: [], result: [use.bytes(), use.rowsWith(RED), use.rowsWith(BLUE)] };
        });
        return look.result;
      };
      expect(await seen()).toEqual([0, 0, 0]);
      await put(store, ['a', 'b'], { blobs: [RED] });
      await put(store, ['c'], { blobs: [RED, BLUE] });
      await store.commit('others', [key('a')], () => ({ writes: [row('a', { blobs: [GREEN] })], result: 0 }));
      expect(await seen()).toEqual([RED.length + BLUE.length, 3, 1]);
      await put(store, ['a'], { blobs: [] });
      await put(store, ['c'], { deleted: true });
      expect(await seen()).toEqual([RED.length, 1, 0]);
      await put(store, ['b'], { blobs: [BLUE] });
      expect(await seen()).toEqual([BLUE.length, 0, 1]);
      expect([...store.blobs.tenants()].sort()).toEqual([TENANT, 'others']);
    });

    test('[ST24] a blob is dropped once no row has referred to it for long enough', async () => {
      const store = await open();
      const drop = () => store.blobs.dropUnused(TENANT, RED.digest, time);
      await put(store, ['a', 'b'], { blobs: [RED] });
      await store.blobs.setStored(TENANT, RED.digest);
      time += 1;
      await put(store, ['a'], { blobs: [] });
      time += 1;
      expect(await drop()).toBe(false);
      await put(store, ['b'], { deleted: true });
      expect(await drop()).toBe(false);
      time += 1;
      // Used once more it begins anew.
      await put(store, ['c'], { blobs: [RED] });
      expect(await drop()).toBe(false);
      await put(store, ['c'], { blobs: [] });
      expect(await drop()).toBe(false);
      time += 1;
      expect(await store.blobs.dropUnused('others', RED.digest, time)).toBe(false);
      expect(await drop()).toBe(true);
      expect(store.blobs.isStored(TENANT, RED.digest)).toBe(false);
      await put(store, ['d'], { blobs: [RED] }, 'phone');
      expect(missing(store, 'phone', 10)).toEqual(['d red']);
    });

    test('[ST24] what comes when no row refers to it any more is unused from then on', async () => {
      const store = await open();
      await store.blobs.setStored(TENANT, RED.digest);
      const from = time;
      time += 5;
      // Said twice it is not younger.
      await store.blobs.setStored(TENANT, RED.digest);
      expect(await store.blobs.dropUnused(TENANT, RED.digest, from)).toBe(false);
      expect(await store.blobs.dropUnused(TENANT, RED.digest, from + 1)).toBe(true);
      expect(await store.blobs.dropUnused(TENANT, RED.digest, from + 1)).toBe(false);
    });

    if (reopen !== undefined) {
      test('[ST11] references and what is stored are there after opening again', async () => {
        const first = await open();
        await put(first, ['a'], { blobs: [RED, BLUE] }, 'phone');
        await first.blobs.setStored(TENANT, RED.digest);
        await first.close();
        const second = await reopen(now);
        store = second;
        expect(refsOf(second, 'a')).toEqual([RED, BLUE]);
        expect(missing(second, 'phone', 10)).toEqual(['a blue']);
        expect(second.blobs.isStored(TENANT, RED.digest)).toBe(true);
      });
    }

    test('[ST12] does what a map with counters does', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyCommit, { maxLength: 25 }), (commits) => compareWithModel(create, commits)),
        {
          numRuns: 30,
        },
      );
    });

    async function compareWithModel(
      openStore: StoreUnderTest['create'],
      commits: readonly ModelCommit[],
    ): Promise<void> {
      const tested = await openStore(now);
      try {
        const model = createModel();
        await Promise.all(commits.map((commit) => runCommit(tested, model, commit)));
        for (const tenant of MODEL_TENANTS) {
          for (const collection of MODEL_COLLECTIONS)
            expect(readPages(tested, tenant, collection)).toEqual(model.rows(tenant, collection));
        }
      } finally {
        await tested.close();
        await dispose?.();
      }
    }
  });
}

function key(id: string, collection = 'notes'): RowKey {
  return { collection, id };
}

function row(id: string, change: Partial<RowWrite> = {}): RowWrite {
  const state = new TextEncoder().encode(`state of ${id}`);
  return { collection: 'notes', id, deleted: false, doc: '{"title":"x"}', state, labels: [LABEL], ...change };
}

function put(
  store: Store,
  ids: readonly string[],
  change: Partial<RowWrite> = {},
  replica?: string,
): Promise<Commit<number>> {
  const keys = ids.map((id) => key(id));
  const decide = () => ({ writes: ids.map((id) => row(id, change)), result: 0 });
  return store.commit(TENANT, keys, decide, replica === undefined ? {} : { replica });
}

const RED: BlobRef = { digest: 'a1'.repeat(32), length: 100 };
const BLUE: BlobRef = { digest: 'b2'.repeat(32), length: 20 };
const GREEN: BlobRef = { digest: 'c3'.repeat(32), length: 3 };

/** Sorted by their digests. */
function refsOf(store: Store, id: string): BlobRef[] {
  const refs = store.blobs.ofRow(TENANT, key(id)).map(({ digest, length }) => ({ digest, length }));
  return refs.sort((a, b) => (a.digest < b.digest ? -1 : 1));
}

/** Ids and colours of all that is missing, sorted; read in steps of this size. */
function missing(store: Store, replica: string, maxRefs: number): string[] {
  const found: string[] = [];
  for (let after: BlobPlace | undefined; ; ) {
    const places = store.blobs.missing(TENANT, replica, { after, maxRefs });
    found.push(...places.map(({ id, digest }) => `${id} ${colourOf(digest)}`));
    after = places.at(-1);
    if (after === undefined) return found.sort();
  }
}

function colourOf(digest: string): string {
  if (digest === RED.digest) return 'red';
  return digest === BLUE.digest ? 'blue' : 'green';
}

function increment(store: Store): Promise<Commit<number>> {
  return store.commit(TENANT, [key('count')], ([found]) => {
    const state = Uint8Array.of((found ? count(found.state) : 0) + 1);
    return { writes: [row('count', { state })], result: 0 };
  });
}

function count(state: Uint8Array): number {
  return state[0] ?? 0;
}

function tombstones(committedBefore: number, change: Partial<TombstoneQuery> = {}): TombstoneQuery {
  return { committedBefore, maxRows: 1_000, maxBytes: 1_000_000, ...change };
}

/** Stands for what makes a stub of a state. */
function firstByte(state: Uint8Array): Uint8Array {
  return state.slice(0, 1);
}

function query(change: Partial<PageQuery> = {}): PageQuery {
  return { after: 0, labels: [LABEL], maxRows: 1_000, maxBytes: 1_000_000, ...change };
}

function all(store: Store): StorePage {
  return store.page(TENANT, 'notes', query());
}

function seqs({ rows }: StorePage): [string, number][] {
  return rows.map(({ id, seq }) => [id, seq]);
}

/** The ids of all pages of this size. */
function cut(store: Store, change: Partial<PageQuery>): string[][] {
  const pages: string[][] = [];
  let page: StorePage | undefined;
  while (page?.last !== true) {
    page = store.page(TENANT, 'notes', query({ ...change, after: page?.checkpoint ?? 0 }));
    pages.push(page.rows.map(({ id }) => id));
  }
  return pages;
}

const MODEL_TENANTS = ['t', 'u'];
const MODEL_COLLECTIONS = ['c', 'd'];

interface ModelCommit {
  readonly tenant: string;
  readonly ids: readonly string[];
  readonly collection: string;
  readonly state: number;
  readonly fails: boolean;
}

const anyCommit: fc.Arbitrary<ModelCommit> = fc.record({
  tenant: fc.constantFrom(...MODEL_TENANTS),
  collection: fc.constantFrom(...MODEL_COLLECTIONS),
  ids: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 }),
  state: fc.nat(255),
  fails: fc.boolean(),
});

interface ModelRow {
  readonly id: string;
  readonly seq: number;
  readonly state: number;
}

function createModel() {
  const rowsByPlace = new Map<string, { head: number; rows: Map<string, ModelRow> }>();
  const at = (tenant: string, collection: string) => {
    const place = rowsByPlace.get(`${tenant} ${collection}`) ?? { head: 0, rows: new Map<string, ModelRow>() };
    rowsByPlace.set(`${tenant} ${collection}`, place);
    return place;
  };
  return {
    apply({ tenant, collection, ids, state }: ModelCommit) {
      const place = at(tenant, collection);
      for (const id of ids) {
        place.head += 1;
        place.rows.set(id, { id, seq: place.head, state });
      }
    },
    rows: (tenant: string, collection: string) =>
      [...at(tenant, collection).rows.values()].sort((a, b) => a.seq - b.seq),
  };
}

async function runCommit(store: Store, model: ReturnType<typeof createModel>, commit: ModelCommit): Promise<void> {
  const { tenant, collection, ids, state, fails } = commit;
  const keys = ids.map((id) => ({ collection, id }));
  const settled = store.commit(tenant, keys, () => {
    if (fails) throw new Error('as told');
    model.apply(commit);
    return { writes: keys.map((each) => ({ ...row(each.id), ...each, state: Uint8Array.of(state) })), result: 0 };
  });
  if (fails) await expect(settled).rejects.toThrow('as told');
  else await settled;
}

function readPages(store: Store, tenant: string, collection: string): ModelRow[] {
  const rows: ModelRow[] = [];
  let page: StorePage | undefined;
  while (page?.last !== true) {
    page = store.page(tenant, collection, query({ maxRows: 2, after: page?.checkpoint ?? 0 }));
    rows.push(...page.rows.map(({ id, seq, state }) => ({ id, seq, state: count(state) })));
  }
  return rows;
}
