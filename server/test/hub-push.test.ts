import {
  assembleFields,
  createClock,
  DELETED,
  decodeState,
  delta,
  editRich,
  encodeState,
  NO_STAMP,
  type Rich,
  readRich,
  type Stamp,
  toPath,
} from '@breakwater/crdt';
import { expect, test } from 'vitest';
import { openSqliteStore } from '../src/sqlite-store.ts';
import { StorageError, type Store } from '../src/store.ts';
import { createHubWorld, deltaOf, type HubWorld, notes, resultsOf, rowOf, stateOf } from './hub-world.ts';

test('[HB1] an ack is sent only after the commit has resolved, and news after the ack', async () => {
  const order: string[] = [];
  const inner = openSqliteStore(':memory:');
  const store: Store = {
    ...inner,
    async commit(tenant, keys, decide) {
      const commit = await inner.commit(tenant, keys, decide);
      order.push(`durable, heard so far: ${[...writer.heard, ...reader.heard].map(({ type }) => type).join(' ')}`);
      return commit;
    },
  };
  const world = createHubWorld({ store });
  const [writer, reader] = [world.join(), world.join()];
  reader.pull();
  await writer.push(notes(rowOf('a', { title: 'x' })));
  expect(order).toEqual(['durable, heard so far: page']);
  expect(writer.heard.map(({ type }) => type)).toEqual(['ack']);
  expect(reader.heard.map(({ type }) => type)).toEqual(['page', 'rows']);
});

test('[HB2] a store that fails fails the push as a whole, keeps the session and tells nobody else', async () => {
  const inner = openSqliteStore(':memory:');
  let fails = true;
  const failing = () => Promise.reject(new StorageError('the disk is full'));
  const store: Store = { ...inner, commit: (...args) => (fails ? failing() : inner.commit(...args)) };
  const world = createHubWorld({ store });
  const [writer, reader] = [world.join(), world.join()];
  reader.pull();
  const row = rowOf('a', { title: 'x' });
  expect(await writer.push(notes(row))).toMatchObject({ type: 'error', request: 1, code: 'storage-failed' });
  expect(reader.heard).toHaveLength(1);
  expect(world.logged).toEqual(['A push of acme failed: the disk is full']);
  fails = false;
  expect(resultsOf(await writer.push(notes(row)))).toEqual([{ kind: 'stored', seq: 1 }]);
});

test('[HB3] a poison row is refused by itself, and the rows around it are stored', async () => {
  const world = createHubWorld({ collections: ['notes'], limits: { maxRowBytes: 1_000 } });
  const ack = await world
    .join()
    .push(
      notes(
        rowOf('good 1', { title: 'x' }),
        rowOf('large', { title: 'x'.repeat(1_000) }),
        rowOf('', { title: 'x' }),
        rowOf('n\0l', { title: 'x' }),
        rowOf('i'.repeat(1_025), { title: 'x' }),
        rowOf('broken', {}, { bytes: Uint8Array.of(1, 2, 3) }),
        rowOf('good 2', { title: 'x' }),
      ),
      { collection: 'secrets', rows: [rowOf('a', { title: 'x' })] },
    );
  expect(resultsOf(ack).map((result) => (result.kind === 'refused' ? result.code : result))).toEqual([
    { kind: 'stored', seq: 1 },
    'too-large',
    'malformed',
    'malformed',
    'malformed',
    'malformed',
    { kind: 'stored', seq: 2 },
    'unknown-collection',
  ]);
  expect(storedIds(world)).toEqual(['good 1', 'good 2']);
});

test('[HB3] a push of refused rows only is answered without a commit', async () => {
  const world = createHubWorld();
  const ack = await world.join().push(notes(rowOf('', { title: 'x' })));
  expect(resultsOf(ack)).toMatchObject([{ kind: 'refused', code: 'malformed' }]);
  expect(world.store.head('acme', 'notes')).toBe(0);
});

test('[HB4] a row that grew too large by merging is refused, and the stored one stays', async () => {
  const world = createHubWorld({ limits: { maxRowBytes: 1_000 } });
  const writer = world.join();
  await writer.push(notes(rowOf('a', { title: 'x'.repeat(600) })));
  const ack = await writer.push(notes(rowOf('a', { body: 'y'.repeat(600) })));
  expect(resultsOf(ack)).toMatchObject([{ kind: 'refused', code: 'too-large' }]);
  expect(Object.keys(fieldsOf(world, 'a'))).toEqual(['title']);
});

test('[HB5] pushing the same again changes nothing and takes no seq', async () => {
  const world = createHubWorld();
  const [writer, reader] = [world.join(), world.join()];
  reader.pull();
  const row = rowOf('a', { title: 'x' });
  const first = await writer.push(notes(row));
  expect(await writer.push(notes(row))).toMatchObject({ groups: [{ results: resultsOf(first) }] });
  expect(world.store.head('acme', 'notes')).toBe(1);
  expect(reader.heard.map(({ type }) => type)).toEqual(['page', 'rows']);
});

test('[HB6] concurrent edits of one row are both kept', async () => {
  const world = createHubWorld();
  await Promise.all([
    world.join().push(notes(rowOf('a', { title: 'by one' }))),
    world.join().push(notes(rowOf('a', { body: 'by the other' }))),
  ]);
  expect(fieldsOf(world, 'a')).toEqual({ title: 'by one', body: 'by the other' });
});

test('[HB6] one id twice in a push becomes one write', async () => {
  const world = createHubWorld();
  const ack = await world
    .join()
    .push(notes(rowOf('a', { title: 'x' }), rowOf('b', {}), deltaOf('a', { body: 'y' }, 0)));
  expect(resultsOf(ack)).toEqual([1, 2, 1].map((seq) => ({ kind: 'stored', seq })));
  expect(fieldsOf(world, 'a')).toEqual({ title: 'x', body: 'y' });
});

test('[HB7] a delta on a row that the server lacks, or has only older, is asked for in full', async () => {
  const world = createHubWorld();
  const writer = world.join();
  await writer.push(notes(rowOf('old', { title: 'x' })));
  const newer = { ...stateOf({ title: 'z' }, true), generation: '0000000000000000000001' as Stamp };
  const ack = await writer.push(
    notes(
      deltaOf('missing', { title: 'x' }, 0),
      deltaOf('old', { title: 'y' }, 2),
      rowOf('old', {}, { bytes: encodeState(newer), base: 1 }),
      deltaOf('old', { body: 'y' }, 1),
    ),
  );
  expect(resultsOf(ack).map(({ kind }) => kind)).toEqual(['send-full', 'send-full', 'send-full', 'stored']);
  expect(fieldsOf(world, 'old')).toEqual({ title: 'x', body: 'y' });
});

test('[HB8] the stored document is JSON of the fields; a deleted row keeps them and says so', async () => {
  const world = createHubWorld();
  const writer = world.join();
  await writer.push(notes(rowOf('a', { title: 'x', 'a.b': 1 })));
  await writer.push(notes(deltaOf('a', { [DELETED]: true }, 1)));
  expect(world.join().pull()).toMatchObject({ group: { rows: [{ id: 'a', seq: 2, deleted: true }] } });
  expect(fieldsOf(world, 'a')).toEqual({ title: 'x', 'a.b': 1 });
});

test('[HB9] a push with too many rows fails as a whole', async () => {
  const world = createHubWorld({ limits: { maxPushRows: 2 } });
  const rows = ['a', 'b', 'c'].map((id) => rowOf(id, {}));
  expect(await world.join().push(notes(...rows))).toMatchObject({ type: 'error', code: 'invalid-request' });
  expect(storedIds(world)).toEqual([]);
});

test('[HB10] tenants share nothing: no rows, no seqs, no news', async () => {
  const world = createHubWorld();
  const [here, there] = [world.join('here'), world.join('there')];
  there.pull();
  await here.push(notes(rowOf('a', { title: 'secret' })));
  expect(there.heard).toHaveLength(1);
  expect(there.pull()).toMatchObject({ group: { rows: [], checkpoint: 0 } });
  expect(resultsOf(await there.push(notes(deltaOf('a', { title: 'y' }, 0))))).toEqual([{ kind: 'send-full' }]);
});

test('[HB11] names are data: __proto__ and its like are rows and collections as any other', async () => {
  const world = createHubWorld();
  const names = ['__proto__', 'constructor', 'toString', '%', "'; DROP TABLE rows"];
  const groups = names.map((collection) => ({
    collection,
    rows: names.map((id) => rowOf(id, { constructor: collection })),
  }));
  await world.join().push(...groups);
  for (const collection of names) {
    const page = world.join().pull(0, 100, collection);
    expect(page).toMatchObject({ type: 'page', group: { collection, rows: names.map((id) => ({ id })) } });
  }
});

function rowsOf({ store }: HubWorld) {
  return store.page('acme', 'notes', { after: 0, labels: ['acme'], maxRows: 1_000, maxBytes: 1e9 }).rows;
}

function storedIds(world: HubWorld): string[] {
  return rowsOf(world).map(({ id }) => id);
}

function fieldsOf(world: HubWorld, id: string): object {
  const row = rowsOf(world).find((each) => each.id === id);
  if (row === undefined) throw new Error(`the store has no row ${id}`);
  return assembleFields(decodeState(row.state));
}

test('[TI1] a stamp more than 5 minutes ahead is refused, unless the row has one as late', async () => {
  const world = createHubWorld();
  const writer = world.join();
  const inMs = (ms: number) => createClock({ now: () => Date.now() + ms }).next();
  const push = (id: string, stamp: Stamp, title: string) => {
    const registers = new Map([[toPath(['title']), { stamp, value: title }]]);
    return writer.push(
      notes(rowOf(id, {}, { bytes: encodeState({ generation: NO_STAMP, registers, partial: false }) })),
    );
  };
  expect(resultsOf(await push('a', inMs(4 * 60_000), 'soon'))).toEqual([{ kind: 'stored', seq: 1 }]);
  expect(resultsOf(await push('b', inMs(6 * 60_000), 'too far'))).toMatchObject([
    { kind: 'refused', code: 'clock-ahead', reason: expect.stringMatching(/3\d\d s ahead/) },
  ]);
  const far = inMs(3_600_000);
  const registers = new Map([[toPath(['title']), { stamp: far, value: 'from before the rule' }]]);
  await world.store.commit('acme', [{ collection: 'notes', id: 'c' }], () => ({
    writes: [
      {
        collection: 'notes',
        id: 'c',
        deleted: false,
        doc: '{}',
        state: encodeState({ generation: NO_STAMP, registers, partial: false }),
        labels: ['acme'],
      },
    ],
    result: undefined,
  }));
  const next = createClock().next(far);
  expect(resultsOf(await push('c', next, 'edited after it'))).toEqual([{ kind: 'stored', seq: 3 }]);
});

test('[HB21] Yjs states merge; a diff without its base is asked for in full, one that is none is refused by itself', async () => {
  const world = createHubWorld();
  const writer = world.join();
  const base = { ...stateOf({ title: 'x' }), rich: textOf('one', undefined, 1) };
  const [left, right] = [2, 3].map((clientId) => ({ ...base, rich: textOf(`one${clientId}`, base.rich, clientId) }));
  if (left === undefined || right === undefined) throw new Error('there are two');
  const ack = await writer.push(
    notes(
      rowOf('a', {}, { bytes: encodeState(base) }),
      rowOf('b', { title: 'no text' }),
      rowOf('a', {}, { bytes: encodeState(delta(left, base)), base: 0 }),
      rowOf('b', {}, { bytes: encodeState(delta(right, base)), base: 0 }),
      rowOf('c', {}, { bytes: encodeState({ ...base, rich: Uint8Array.of(1, 2, 3) }) }),
      rowOf('a', {}, { bytes: encodeState(delta(right, base)), base: 0 }),
    ),
  );
  const kinds = resultsOf(ack).map(({ kind }) => kind);
  expect(kinds).toEqual(['stored', 'stored', 'stored', 'send-full', 'refused', 'stored']);
  const stored = world.store.page('acme', 'notes', { after: 0, labels: ['acme'], maxRows: 9, maxBytes: 99_999 });
  const row = stored.rows.find(({ id }) => id === 'a');
  const { rich } = decodeState(row?.state ?? new Uint8Array());
  expect(readRich(rich, [['body', 'text']]).body).toMatch(/^one(23|32)$/);
});

function textOf(value: string, before: Rich | undefined, clientId: number): Rich {
  const author = { clientId, collection: 'notes', id: 'a', generation: NO_STAMP };
  return editRich(before, [{ field: 'body', kind: 'text', value }], author) ?? new Uint8Array();
}
