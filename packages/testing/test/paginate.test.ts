import { paginate } from '@breakwater/client';
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRandom } from '../src/random.ts';
import { endAll, openWorldClient, startWorldServer, type WorldClient, type WorldServer } from '../src/world.ts';

const COUNT = 120;
const PAGE_SIZE = 7;

let server: WorldServer;
let reader: WorldClient;
let writer: WorldClient;

beforeEach(async () => {
  server = await startWorldServer();
  [reader, writer] = [await open('reader'), await open('writer')];
});

afterEach(async () => {
  await Promise.all([reader.end(), writer.end()]);
  await server.end();
});

function open(name: string): Promise<WorldClient> {
  return openWorldClient({ name, url: server.url, storage: getRxStorageMemory(), random: Math.random });
}

const titleOf = (i: number) => `pier ${String(i).padStart(3, '0')}`;

describe('pages while another client writes, over the server', () => {
  it.each([1, 2, 3])(
    '[PA2] each note that it leaves alone is on one page, in its order (seed %i)',
    { timeout: 60_000 },
    async (seed) => {
      const random = createRandom(seed);
      const kept = Array.from({ length: COUNT }, (_, i) => ({ id: `kept-${(i * 37) % COUNT}`, title: titleOf(i) }));
      const moved = kept.map(({ title }, i) => ({ id: `moved-${i}`, title }));
      await reader.notes.bulkInsert([...kept, ...moved].map((note) => ({ ...note, body: '' })));
      await Promise.all([reader.sync.awaitInSync(), writer.sync.awaitInitialReplication()]);

      let isWriting = true;
      const write = async () => {
        while (isWriting) {
          const note = await writer.notes.findOne(`moved-${random.int(COUNT)}`).exec();
          if (random.chance(0.3)) await note?.incrementalRemove();
          else await note?.incrementalPatch({ title: titleOf(random.int(COUNT)) });
          await writer.sync.awaitInSync();
        }
      };
      const writing = write();

      const pages = paginate(reader.notes.find({ sort: [{ title: 'asc' }] }), { pageSize: PAGE_SIZE });
      const seen: string[] = [];
      let page = await pages.first();
      seen.push(...page.documents.map(({ id }) => id));
      while (page.hasNext) {
        page = await pages.next();
        seen.push(...page.documents.map(({ id }) => id));
        await reader.sync.awaitInSync();
      }
      isWriting = false;
      await writing;
      expect(seen.filter((id) => id.startsWith('kept-'))).toEqual(kept.map(({ id }) => id));
    },
  );

  it('[PA5] a page that is watched shows what another client writes into it', async () => {
    await reader.notes.bulkInsert(Array.from({ length: 20 }, (_, i) => ({ id: `n${i}`, title: titleOf(i), body: '' })));
    await Promise.all([reader.sync.awaitInSync(), writer.sync.awaitInSync()]);
    const pages = paginate(reader.notes.find({ sort: [{ title: 'asc' }] }), { pageSize: 5, everyMs: 0 });
    let shown: readonly string[] = [];
    const subscription = pages.page$.subscribe(({ documents }) => {
      shown = documents.map(({ title }) => title);
    });
    await pages.next();
    await writer.notes.insert({ id: 'before', title: 'pier 001b', body: '' });
    await writer.notes.insert({ id: 'inside', title: 'pier 006b', body: '' });
    await writer.notes.findOne('n8').remove();
    const expected = ['pier 005', 'pier 006', 'pier 006b', 'pier 007', 'pier 009'];
    await vi.waitFor(() => expect(shown).toEqual(expected));
    subscription.unsubscribe();
  });
});

describe.each([
  ['memory', () => getRxStorageMemory()],
  ['Dexie', () => getRxStorageDexie({ indexedDB: new IDBFactory(), IDBKeyRange })],
])('pages of a database in several tabs, on %s', (_name, createStorage) => {
  it('[PA5] a page that is watched shows what another tab writes into it', async () => {
    const storage = createStorage();
    const databaseName = `tabs-${crypto.randomUUID()}`;
    const openTab = (number: number) => {
      const tab = { databaseName, number };
      return openWorldClient({ name: `tab ${number}`, url: server.url, storage, random: Math.random, tab });
    };
    const tabs = [await openTab(1), await openTab(2)] as const;
    await tabs[0].notes.bulkInsert([1, 3, 5].map((i) => ({ id: `n${i}`, title: titleOf(i), body: '' })));
    const pages = paginate(tabs[1].notes.find({ sort: [{ title: 'desc' }] }), { pageSize: 3, everyMs: 0 });
    let shown: readonly string[] = [];
    const subscription = pages.page$.subscribe(({ documents }) => {
      shown = documents.map(({ id }) => id);
    });
    await vi.waitFor(() => expect(shown).toEqual(['n5', 'n3', 'n1']));
    await tabs[0].notes.insert({ id: 'n4', title: titleOf(4), body: '' });
    await vi.waitFor(() => expect(shown).toEqual(['n5', 'n4', 'n3']));
    subscription.unsubscribe();
    await endAll(tabs);
  });
});
