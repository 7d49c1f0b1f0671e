import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, test, vi } from 'vitest';
import { createServer } from '../src/server.ts';
import { DATABASE_FILE, openSqliteStore } from '../src/sqlite-store.ts';
import type { Store } from '../src/store.ts';
import { notes, resultsOf, rowOf } from './hub-world.ts';
import { makeTemporaryDirectory } from './temporary-directory.ts';
import { openClient } from './test-client.ts';
import { openYClient } from './y-client.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

test('[SF1] a full disk refuses pushes as storage-failed, reads go on, and writes once there is room', async () => {
  const { store, database } = openWatched();
  const { url, ready } = await start(store);
  const [writer, reader] = [await live(url), await live(url)];
  await writer.push(notes(rowOf('before', {})));
  const { page_count } = database.prepare('PRAGMA page_count').get() ?? {};
  database.exec(`PRAGMA max_page_count = ${page_count}`);
  for (let i = 0; i < 3; i++) {
    expect(await writer.push(notes(rowOf(`during-${i}`, LARGE)))).toMatchObject({
      type: 'error',
      code: 'storage-failed',
      message: 'the server could not store the push; send it again later',
    });
  }
  expect(await reader.pull('notes')).toMatchObject({ group: { rows: [{ id: 'before' }], checkpoint: 1 } });
  expect(await ready()).toEqual([200, 'ready']);
  database.exec('PRAGMA max_page_count = 1000000');
  expect(resultsOf(await writer.push(notes(rowOf('after', LARGE))))).toMatchObject([{ kind: 'stored', seq: 2 }]);
  expect(await reader.next('rows')).toMatchObject({ groups: [{ rows: [{ id: 'after' }] }] });
});

test('[SF2] after a failed sync nothing more is acknowledged or sent on, /ready says why, and the process reads on', async () => {
  const { store, database } = openWatched();
  const { url, base, ready } = await start(store);
  const [writer, reader] = [await live(url), await live(url)];
  await reader.pull('notes');
  await writer.push(notes(rowOf('before', {})));
  await reader.next('rows');
  const [typist, other] = [openYClient(base, 'room/lobby'), openYClient(base, 'room/lobby')];
  cleanups.push(
    () => typist.close(),
    () => other.close(),
  );
  await Promise.all([typist.synced(), other.synced()]);

  const exec = vi.spyOn(database, 'exec').mockImplementation((sql) => {
    if (sql === 'COMMIT') throw Object.assign(new Error('disk I/O error'), { errcode: 1034 });
    DatabaseSync.prototype.exec.call(database, sql);
  });
  expect(await writer.push(notes(rowOf('lost', {})))).toMatchObject({ type: 'error', code: 'storage-failed' });
  exec.mockRestore();
  // The disk works again, and that proves nothing: what the failed sync had dropped nobody knows.
  for (let i = 0; i < 3; i++) {
    expect(await writer.push(notes(rowOf(`later-${i}`, {})))).toMatchObject({ type: 'error', code: 'storage-failed' });
  }
  typist.text.insert(0, 'typed');
  expect(await ready()).toEqual([503, expect.stringContaining('disk I/O error')]);
  expect(await reader.pull('notes')).toMatchObject({ group: { rows: [{ id: 'before' }], checkpoint: 1 } });
  expect(await reader.ping()).toMatchObject({ type: 'pong' });
  expect(store.rooms.load('default', LOBBY).last).toBe(0);
  expect(other.text.toString()).toBe('');
});

test('[SF3] an ack leaves after its commit is on the disk, and so does the news of it', async () => {
  const inner = openSqliteStore(':memory:');
  const synced = Promise.withResolvers<void>();
  const events: string[] = [];
  const commit: Store['commit'] = async (...args) => {
    const answer = await inner.commit(...args);
    events.push('committed');
    await synced.promise;
    events.push('synced');
    return answer;
  };
  const { url } = await start({ ...inner, commit });
  const [writer, reader] = [await live(url), await live(url)];
  await reader.pull('notes');
  const acked = writer.push(notes(rowOf('a', {}))).then(() => events.push('acked'));
  const told = reader.next('rows').then(() => events.push('told'));
  await vi.waitFor(() => expect(events).toEqual(['committed']));
  // A round trip of both: what had been sent would be here.
  await Promise.all([reader.ping(), other(url)]);
  expect(events).toEqual(['committed']);
  synced.resolve();
  await Promise.all([acked, told]);
  expect(events.slice(0, 2)).toEqual(['committed', 'synced']);
});

const LARGE = { text: 'x'.repeat(200_000) };
const LOBBY = { collection: '', id: 'lobby', generation: '' };

/** A store on a disk, and its database. */
function openWatched(): { store: Store; database: DatabaseSync } {
  const directory = makeTemporaryDirectory();
  cleanups.push(directory.remove);
  const exec = vi.spyOn(DatabaseSync.prototype, 'exec');
  const store = openSqliteStore(directory.path);
  const opened = exec.mock.contexts as DatabaseSync[];
  exec.mockRestore();
  const database = opened.find((each) => each.location()?.endsWith(DATABASE_FILE));
  if (database === undefined) throw new Error('the store opened no database');
  return { store, database };
}

async function start(store: Store) {
  const server = await createServer({ store, log: () => {} });
  cleanups.push(() => server.close());
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  const ready = async () => {
    const response = await fetch(`http://127.0.0.1:${port}/ready`);
    return [response.status, await response.text()];
  };
  return { url: `ws://127.0.0.1:${port}/sync`, base: `ws://127.0.0.1:${port}`, ready };
}

async function live(url: string) {
  const client = await openClient(url);
  cleanups.push(client.terminate);
  return client;
}

/** Somebody else, who is answered. */
async function other(url: string): Promise<void> {
  await (await live(url)).ping();
}
