import {
  createDatabase,
  defineCollections,
  type ReplicateOptions,
  replicate,
  type SyncError,
} from '@breakwater/client';
import { AuthenticationError } from '@breakwater/server';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { filter, firstValueFrom } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { startWorldServer, type WorldServer, worldCollections } from '../src/world.ts';

const { notes } = worldCollections;
const collections = defineCollections({ notes: { schema: notes.schema }, drafts: { schema: notes.schema } });

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function serve(options: Parameters<typeof startWorldServer>[0]): Promise<WorldServer> {
  const server = await startWorldServer(options);
  cleanUps.push(() => server.end());
  return server;
}

async function openDatabase() {
  const database = await createDatabase({
    name: `bad-input-${crypto.randomUUID()}`,
    storage: getRxStorageMemory(),
    collections,
    multiInstance: false,
  });
  cleanUps.push(() => database.close());
  return database;
}

type Database = Awaited<ReturnType<typeof openDatabase>>;

function connect(database: Database, url: string, options: Partial<ReplicateOptions> = {}) {
  const sync = replicate(database, { url, ...options });
  cleanUps.push(() => sync.cancel());
  return sync;
}

/** @throws Error when it is in sync instead. */
function reaches(sync: ReturnType<typeof connect>, state: string) {
  const reached = firstValueFrom(sync.status$.pipe(filter((status) => status.state === state)));
  const isNot = () => Promise.reject(new Error(`it is in sync, not ${state}`));
  return Promise.race([reached, sync.awaitInSync().then(isNot, () => reached)]);
}

describe('bad input', () => {
  it('[BI1] a collection that the server does not have is named; the others go on', async () => {
    const server = await serve({ collections: ['notes'] });
    const database = await openDatabase();
    await database.drafts.insert({ id: 'd', title: 'Nowhere to go' });
    await database.notes.insert({ id: 'n', title: 'Hull' });
    const sync = connect(database, server.url);
    const errors: SyncError[] = [];
    sync.errors$.subscribe((error) => errors.push(error));
    await sync.awaitInSync();
    expect(errors).toMatchObject([{ collection: 'drafts', code: 'unknown-collection' }]);
    expect(server.store.head('default', 'notes')).toBe(1);
    expect(sync.status.state).toBe('live');
    expect(await database.drafts.findOne('d').exec()).not.toBeNull();
    expect(sync.pending.rows).toBe(1);
  });

  it('[BI2] a document over the size limit is named and kept in the inbox; the others go on', async () => {
    const server = await serve({ limits: { maxRowBytes: 2_000 } });
    const database = await openDatabase();
    const sync = connect(database, server.url);
    await database.notes.bulkInsert([
      { id: 'a', title: 'Hull' },
      { id: 'b', title: 'Too much', body: 'x'.repeat(3_000) },
      { id: 'c', title: 'Keel' },
    ]);
    await sync.awaitInSync();
    const [refused] = sync.refused;
    expect(refused).toMatchObject({ collection: 'notes', id: 'b', code: 'too-large', kind: 'insert' });
    expect(refused?.reason).toContain('2000');
    expect(refused?.document).toEqual({ id: 'b', title: 'Too much', body: 'x'.repeat(3_000) });
    expect(server.store.head('default', 'notes')).toBe(2);
    expect(await database.notes.findOne('b').exec()).toBeNull();
  });

  it("[BI3] another tenant's token on a used database fails by name; nothing is pulled or pushed", async () => {
    const server = await serve({ authenticate: (token) => ({ tenant: token, user: 'u' }) });
    const database = await openDatabase();
    await database.notes.insert({ id: 'n', title: 'Hull' });
    const first = connect(database, server.url, { token: () => 'harbour' });
    await first.awaitInSync();
    await first.cancel();
    await database.notes.insert({ id: 'm', title: 'Keel' });
    const second = connect(database, server.url, { token: () => 'shipyard' });
    const status = await reaches(second, 'failed');
    expect(status).toMatchObject({ reason: expect.stringContaining("another tenant ('harbour', not 'shipyard')") });
    expect(server.store.head('shipyard', 'notes')).toBe(0);
    expect(second.pending.rows).toBe(1);
  });

  it('[BI4] another server is refused by name', async () => {
    const [one, two] = [await serve({}), await serve({})];
    const database = await openDatabase();
    const first = connect(database, one.url);
    await first.awaitInSync();
    await first.cancel();
    const status = await reaches(connect(database, two.url), 'failed');
    expect(status).toMatchObject({ reason: expect.stringContaining('another server') });
  });

  it('[BI5] another user is refused while changes of the last one are pending, and welcome after', async () => {
    const server = await serve({ authenticate: (token) => ({ tenant: 't', user: token }) });
    const database = await openDatabase();
    const ada = connect(database, server.url, { token: () => 'ada' });
    await ada.awaitInSync();
    await ada.cancel();
    await database.notes.insert({ id: 'n', title: 'Hull' });
    const bob = connect(database, server.url, { token: () => 'bob' });
    expect(await reaches(bob, 'failed')).toMatchObject({ reason: expect.stringContaining("'ada'") });
    await bob.cancel();
    const again = connect(database, server.url, { token: () => 'ada' });
    await again.awaitInSync();
    await again.cancel();
    await connect(database, server.url, { token: () => 'bob' }).awaitInSync();
  });

  it('[BI6] a refused token is needs-auth with its reason, until retry() with a better one', async () => {
    const authenticate = (token: string) => {
      if (token !== 'good') throw new AuthenticationError('the token has expired');
      return { tenant: 't', user: 'u' };
    };
    const server = await serve({ authenticate });
    const database = await openDatabase();
    let token = 'bad';
    const sync = connect(database, server.url, { token: () => token });
    expect(await reaches(sync, 'needs-auth')).toMatchObject({ reason: 'the token has expired' });
    token = 'good';
    sync.retry();
    await sync.awaitInSync();
  });

  it.each([
    ['http://localhost/sync', "'http://localhost/sync' is no websocket address"],
    ['localhost:8080', 'is no websocket address'],
  ])('[BI7] the address %s is refused at once', async (url, message) => {
    const database = await openDatabase();
    expect(() => replicate(database, { url })).toThrow(message);
  });

  it('[BI7] options that make no sense are refused at once, by name', async () => {
    const database = await openDatabase();
    const url = 'ws://localhost/sync';
    expect(() => replicate(database, { url, breaker: { failures: 0 } })).toThrow('breaker.failures');
    expect(() => replicate(database, { url, breaker: { probeAfterMs: -1 } })).toThrow('breaker.probeAfterMs');
    expect(() => replicate(database, { url, backoff: { minMs: 0 } })).toThrow('backoff.minMs');
  });

  it('[BI8] a refused row counts as unsent: another user is not let in', async () => {
    const authenticate = (token: string) => ({ tenant: 't', user: token });
    const server = await serve({ authenticate, limits: { maxRowBytes: 2_000 } });
    const database = await openDatabase();
    const ada = connect(database, server.url, { token: () => 'ada' });
    await database.notes.insert({ id: 'n', title: 'Hull', body: 'x'.repeat(3_000) });
    await ada.awaitInSync();
    expect(ada.refused).toHaveLength(1);
    await ada.cancel();
    const bob = connect(database, server.url, { token: () => 'bob' });
    expect(await reaches(bob, 'failed')).toMatchObject({ reason: expect.stringContaining("'ada'") });
  });

  it('[BI9] what a server has no collection for waits for one that has', async () => {
    const names = ['notes'];
    const server = await serve({ collections: names });
    const database = await openDatabase();
    await database.drafts.insert({ id: 'd', title: 'Nowhere to go yet' });
    const sync = connect(database, server.url, { backoff: { minMs: 1, maxMs: 1 } });
    await sync.awaitInSync();
    names.push('drafts');
    await server.restart();
    await firstValueFrom(sync.pending$.pipe(filter(({ rows }) => rows === 0)));
    expect(server.store.head('default', 'drafts')).toBe(1);
  });

  it('[BI10] a collection that is removed leaves; the others go on', async () => {
    const server = await serve({});
    const database = await openDatabase();
    const sync = connect(database, server.url);
    await sync.awaitInSync();
    await database.drafts.remove();
    await database.notes.insert({ id: 'n', title: 'Hull' });
    await sync.awaitInSync();
    expect(sync.status.state).toBe('live');
    expect(server.store.head('default', 'notes')).toBe(1);
  });

  it('[BI11] a second replication of one database is refused by name, until the first is cancelled', async () => {
    const server = await serve({});
    const database = await openDatabase();
    const first = connect(database, server.url);
    expect(() => connect(database, server.url)).toThrow('is replicated already');
    await first.cancel();
    await connect(database, server.url).awaitInSync();
  });

  it('[BI12] whoever waits is told when replication has failed', async () => {
    const server = await serve({ authenticate: (token) => ({ tenant: token, user: 'u' }) });
    const database = await openDatabase();
    const first = connect(database, server.url, { token: () => 'harbour' });
    await first.awaitInSync();
    await first.cancel();
    const second = connect(database, server.url, { token: () => 'shipyard' });
    await expect(second.awaitInSync()).rejects.toThrow('another tenant');
  });
});
