import { randomUUID } from 'node:crypto';
import { createDatabase, type RefusedWrite, replicate } from '@breakwater/client';
import type { ServerOptions } from '@breakwater/server';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { filter, firstValueFrom } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { startWorldServer, worldCollections } from '../src/world.ts';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A device and a server that share their definitions. */
async function open(options: Pick<ServerOptions, 'authorize'> = {}) {
  const server = await startWorldServer({ collections: worldCollections, ...options });
  cleanUps.push(() => server.end());
  const database = await createDatabase({
    name: `definitions-${randomUUID()}`,
    storage: getRxStorageMemory(),
    collections: worldCollections,
    multiInstance: false,
  });
  cleanUps.push(() => database.close());
  const sync = replicate(database, { url: server.url });
  const refused = async (): Promise<readonly RefusedWrite[]> =>
    await firstValueFrom(sync.refused$.pipe(filter((rows) => rows.length > 0)));
  return { notes: database.notes, sync, refused };
}

describe('a server that knows the definitions', () => {
  it('[HB41] takes what a device writes: inserts, changes, removals, and inserts over them', async () => {
    const { notes, sync } = await open();
    const note = await notes.insert({ id: 'a', title: 'Pier 7', body: 'Low tide', tags: ['b', 'a'], likes: 2 });
    await sync.awaitInSync();
    await note.patch({ body: 'Low tide at noon', place: { city: 'Oslo' }, likes: 3 });
    await sync.awaitInSync();
    await note.getLatest().modify(({ rating, place, ...rest }) => ({ ...rest, steps: ['look'] }));
    await sync.awaitInSync();
    await note.getLatest().remove();
    await sync.awaitInSync();
    await notes.insert({ id: 'a', title: 'Pier 7 again' });
    await sync.awaitInSync();
    expect(sync.refused).toEqual([]);
  });

  it('[HB40] names what does not fit to the device, and takes the rest', async () => {
    const { notes, sync, refused } = await open();
    await notes.bulkInsert([
      { id: 'a', title: 'x'.repeat(201) },
      { id: 'b', title: 'fits' },
    ]);
    expect(await refused()).toMatchObject([
      { id: 'a', code: 'invalid', reason: 'title: must NOT have more than 200 characters' },
    ]);
    expect(await sync.confirm(await notes.findOne('b').exec(true))).toBe('stored');
  });

  it('[HB50] tells the device why it may not write, in the words of the hook', async () => {
    const { notes, refused } = await open({
      authorize: async ({ after }) => after?.title !== 'Crown jewels' || 'only the crown may',
    });
    await notes.insert({ id: 'a', title: 'Crown jewels' });
    expect(await refused()).toMatchObject([{ id: 'a', code: 'forbidden', reason: 'only the crown may' }]);
  });
});
