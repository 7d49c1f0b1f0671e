import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Collections,
  createDatabase,
  defineCollections,
  type Replication,
  replicate,
  withBreakwater,
} from '@breakwater/client';
import { createServer, openSqliteStore, type ServerOptions, type Store } from '@breakwater/server';
import type { RxCollection, RxStorage } from 'rxdb';
import { type CuttableSockets, createCuttableSockets } from './cuttable-sockets.ts';

export const worldCollections = defineCollections({
  notes: {
    schema: {
      version: 0,
      primaryKey: 'id',
      type: 'object',
      properties: {
        id: { type: 'string', maxLength: 100 },
        title: { type: 'string', maxLength: 200 },
        body: { type: 'string' },
        rating: { type: 'number' },
        tags: { type: 'array', items: { type: 'string' } },
        steps: { type: 'array', items: { type: 'string' } },
        likes: { type: 'number' },
        place: { type: 'object', properties: { city: { type: 'string' }, street: { type: 'string' } } },
      },
      required: ['title'],
      indexes: ['title'],
      attachments: {},
    },
    merge: { body: 'text', tags: 'set', steps: 'list', likes: 'counter' },
  },
});

type Definitions = typeof worldCollections extends Collections<infer T> ? T : never;
export type WorldNotes = Awaited<ReturnType<typeof createDatabase<Definitions>>>['notes'];

/** A real server on a port of its own, whose data outlives its restarts. */
export interface WorldServer {
  readonly url: string;
  readonly store: Store;
  /** `whileDown` may change the data in the meantime. */
  restart(whileDown?: (dataDir: string) => Promise<void>): Promise<void>;
  end(): Promise<void>;
}

export async function startWorldServer(options: Omit<ServerOptions, 'store' | 'dataDir'> = {}): Promise<WorldServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'breakwater-world-'));
  const log = () => {};

  async function start(port: number) {
    const store = openSqliteStore(dataDir);
    const server = await createServer({ log, ...options, store, dataDir });
    const address = await server.listen({ host: '127.0.0.1', port });
    return { store, server, port: address.port };
  }

  let current = await start(0);
  return {
    url: `ws://127.0.0.1:${current.port}/sync`,
    get store() {
      return current.store;
    },
    async restart(whileDown = async () => {}) {
      await current.server.close();
      await whileDown(dataDir);
      current = await start(current.port);
    },
    async end() {
      await current.server.close();
      await rm(dataDir, { recursive: true });
    },
  };
}

/** One device: a database on a storage, and its replication over sockets that can be cut. */
export interface WorldClient {
  readonly name: string;
  readonly databaseName: string;
  readonly notes: WorldNotes;
  readonly sync: Replication;
  readonly sockets: CuttableSockets;
  /** Closes the database and opens it again, as another version of the app maybe; what the storage keeps stays. */
  reopen(collections?: Collections): Promise<void>;
  /** Closes the database, as a tab is closed. */
  close(): Promise<void>;
  /** Removes the database with all its data. */
  end(): Promise<void>;
}

export interface WorldClientOptions {
  readonly name: string;
  readonly url: string;
  readonly storage: RxStorage<unknown, unknown>;
  readonly random: () => number;
  /** How far the device's clock is off, in milliseconds. */
  readonly clockSkewMs?: number;
  /** The device's clock, in milliseconds since 1970. Default: the system's, off by `clockSkewMs`. */
  readonly now?: () => number;
  readonly token?: () => string;
  /** What the app makes of the notes. Default: worldCollections. */
  readonly collections?: Collections;
  /** Makes it a tab of a database that others may have open. Default: a database of its own. */
  readonly tab?: WorldTab;
}

/** A tab of a device. Each has its own connection. */
export interface WorldTab {
  readonly databaseName: string;
  readonly number: number;
}

export async function openWorldClient(options: WorldClientOptions): Promise<WorldClient> {
  const { name, url, random, tab, clockSkewMs = 0, token = () => '' } = options;
  const { now = () => Date.now() + clockSkewMs, collections = worldCollections } = options;
  const databaseName = tab?.databaseName ?? `${name}-${randomUUID()}`;
  const storage = tab === undefined ? options.storage : asTab(options.storage, tab.number);
  const sockets = createCuttableSockets();

  async function open(version: Collections) {
    const database = await createDatabase({
      name: databaseName,
      storage: withBreakwater(storage, { now, collections: version }),
      // Another version's notes have other fields: who opens it knows which.
      collections: version as typeof worldCollections,
      multiInstance: tab !== undefined,
    });
    const sync = replicate(database, {
      url,
      token,
      webSocket: sockets.webSocket,
      backoff: { minMs: 2, maxMs: 8 },
      // The breaker has tests of its own; here it would only make the random runs slow.
      breaker: { failures: 1_000_000 },
      scheduler: { now, after: (delayMs, callback) => cancellable(setTimeout(callback, Math.max(0, delayMs))) },
      random,
    });
    return { database, sync };
  }

  let { database, sync } = await open(collections);
  return {
    name,
    databaseName,
    sockets,
    get notes() {
      return database.notes;
    },
    get sync() {
      return sync;
    },
    async reopen(version = collections) {
      await database.close();
      ({ database, sync } = await open(version));
    },
    async close() {
      await database.close();
    },
    async end() {
      await database.remove();
    },
  };
}

/** Ends them with all their data. Of a database with several tabs, all but one are closed before it is removed. */
export async function endAll(clients: readonly WorldClient[]): Promise<void> {
  const lastByDatabase = new Map(clients.map((client) => [client.databaseName, client]));
  const last = new Set(lastByDatabase.values());
  await Promise.all(clients.filter((client) => !last.has(client)).map((client) => client.close()));
  await Promise.all([...last].map((client) => client.end()));
}

/** Within one process RxDB opens a database once for each name that a storage goes by. */
function asTab(storage: RxStorage<unknown, unknown>, number: number): RxStorage<unknown, unknown> {
  const { rxdbVersion } = storage;
  const createStorageInstance = storage.createStorageInstance.bind(storage);
  return { name: `${storage.name}, tab ${number}`, rxdbVersion, createStorageInstance };
}

function cancellable(timer: NodeJS.Timeout): () => void {
  return () => clearTimeout(timer);
}

/** The collection with its type forgotten, for helpers that take any. */
export function asRxCollection(notes: WorldNotes): RxCollection {
  return notes as unknown as RxCollection;
}
