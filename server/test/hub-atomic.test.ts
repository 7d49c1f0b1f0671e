import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { DATABASE_FILE, openSqliteStore } from '../src/sqlite-store.ts';
import { createHubWorld, deltaOf, type HubWorld, notes, resultsOf, rowOf, tasks } from './hub-world.ts';
import { makeTemporaryDirectory } from './temporary-directory.ts';

test('[HB23] an atomic push is stored as a whole, whatever collections its rows belong to', async () => {
  const world = createHubWorld();
  const writer = world.join();
  writer.pull();
  const ack = await writer.pushAtomic(notes(rowOf('a', {}), rowOf('b', {})), tasks(rowOf('t', {})));
  expect(ack).toMatchObject({
    groups: [
      { collection: 'notes', results: [stored(1), stored(2)], checkpoint: 2 },
      { collection: 'tasks', results: [stored(1)], checkpoint: 0 },
    ],
  });
  expect(heads(world)).toEqual({ notes: 2, tasks: 1 });
});

test('[HB23] when one row is refused nothing is written, no seq taken, nobody told; the others are told of which', async () => {
  const world = createHubWorld({ limits: { maxRowBytes: 1_000 } });
  const [writer, reader] = [world.join(), world.join()];
  reader.pull();
  const large = rowOf('large', { title: 'x'.repeat(1_000) });
  const ack = await writer.pushAtomic(notes(rowOf('a', {})), tasks(large, rowOf('', {}), rowOf('t', {})));
  const others = {
    kind: 'refused',
    code: 'batch-refused',
    reason: "nothing of the batch was stored: the row 'large' of tasks was refused",
  };
  expect(resultsOf(ack)).toMatchObject([others, { code: 'too-large' }, { code: 'malformed' }, others]);
  expect(ack).toMatchObject({ groups: [{ checkpoint: 0 }, { checkpoint: 0 }] });
  expect(heads(world)).toEqual({ notes: 0, tasks: 0 });
  expect(reader.heard.map(({ type }) => type)).toEqual(['page']);
  expect(resultsOf(await writer.pushAtomic(notes(rowOf('a', {})), tasks(rowOf('t', {}))))).toEqual([
    stored(1),
    stored(1),
  ]);
});

test('[HB23] a row that is refused only when it is merged holds back the batch too', async () => {
  const world = createHubWorld({ limits: { maxRowBytes: 1_000 } });
  const writer = world.join();
  await writer.push(notes(rowOf('a', { title: 'x'.repeat(600) })));
  const ack = await writer.pushAtomic(notes(rowOf('b', {}), rowOf('a', { body: 'y'.repeat(600) })));
  expect(resultsOf(ack)).toMatchObject([{ code: 'batch-refused' }, { code: 'too-large' }]);
  expect(heads(world)).toEqual({ notes: 1, tasks: 0 });
});

test('[HB23] a long name is shortened where a refusal quotes it', async () => {
  const world = createHubWorld({ collections: ['notes'] });
  const secrets = { collection: 's'.repeat(1_000), rows: [rowOf('i'.repeat(1_000), {})] };
  const [refused] = resultsOf(await world.join().pushAtomic(notes(rowOf('a', {})), secrets));
  expect(refused).toMatchObject({ reason: expect.stringContaining(`'${'i'.repeat(100)}…' of ${'s'.repeat(100)}…`) });
});

test('[HB24] when one row must be sent in full, all of them must, and nothing is written', async () => {
  const world = createHubWorld();
  const writer = world.join();
  const ack = await writer.pushAtomic(notes(rowOf('a', {}), deltaOf('missing', {}, 1)), tasks(rowOf('t', {})));
  expect(resultsOf(ack)).toEqual([{ kind: 'send-full' }, { kind: 'send-full' }, { kind: 'send-full' }]);
  expect(heads(world)).toEqual({ notes: 0, tasks: 0 });
});

test('[HB24] of a refusal and a row to be sent in full the refusal wins', async () => {
  const world = createHubWorld();
  const ack = await world.join().pushAtomic(notes(deltaOf('missing', {}, 1), rowOf('a', {}), rowOf('', {})));
  expect(resultsOf(ack)).toMatchObject([{ code: 'batch-refused' }, { code: 'batch-refused' }, { code: 'malformed' }]);
});

test('[HB5] an atomic push that comes again changes nothing and takes no seq', async () => {
  const world = createHubWorld();
  const writer = world.join();
  const groups = [notes(rowOf('a', { title: 'x' })), tasks(rowOf('t', { title: 'x' }))];
  const first = resultsOf(await writer.pushAtomic(...groups));
  expect(resultsOf(await writer.pushAtomic(...groups))).toEqual(first);
  expect(heads(world)).toEqual({ notes: 1, tasks: 1 });
});

test('[HB9] an atomic push with too many rows fails as a whole', async () => {
  const world = createHubWorld({ limits: { maxPushRows: 2 } });
  const ack = await world.join().pushAtomic(notes(rowOf('a', {}), rowOf('b', {})), tasks(rowOf('t', {})));
  expect(ack).toMatchObject({ type: 'error', code: 'invalid-request' });
});

test('[HB25] a storage that fails at the last row of a batch leaves nothing of it, and other commits alone', async () => {
  const directory = makeTemporaryDirectory();
  const world = createHubWorld({ store: openSqliteStore(directory.path) });
  failAt(directory.path, 'doomed');
  const [writer, other, reader] = [world.join(), world.join(), world.join()];
  reader.pull();
  reader.pull(0, 1, 'tasks');
  const batch = [notes(rowOf('a', {}), rowOf('b', {})), tasks(rowOf('t', {}), rowOf('doomed', {}))];
  // Asked for in one turn, the two share a transaction.
  const [failed, ack] = await Promise.all([writer.pushAtomic(...batch), other.push(notes(rowOf('c', {})))]);
  expect(failed).toMatchObject({ type: 'error', code: 'storage-failed' });
  expect(resultsOf(ack)).toEqual([stored(1)]);
  expect(heads(world)).toEqual({ notes: 1, tasks: 0 });
  expect(world.join().pull()).toMatchObject({ group: { rows: [{ id: 'c' }] } });
  expect(reader.heard.filter(({ type }) => type === 'rows')).toMatchObject([{ groups: [{ rows: [{ id: 'c' }] }] }]);
  await world.store.close();
  directory.remove();
});

function stored(seq: number) {
  return { kind: 'stored', seq };
}

function heads({ store }: HubWorld) {
  return { notes: store.head('acme', 'notes'), tasks: store.head('acme', 'tasks') };
}

/** From now on the database fails when it should write a row of this id. */
function failAt(directory: string, id: string): void {
  const database = new DatabaseSync(join(directory, DATABASE_FILE));
  database.exec(`
    CREATE TRIGGER fail BEFORE INSERT ON rows WHEN NEW.id = '${id}'
    BEGIN SELECT RAISE(FAIL, 'no space for it'); END
  `);
  database.close();
}
