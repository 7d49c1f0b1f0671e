import { createDatabase } from '@breakwater/client';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  collections,
  editApart,
  nextCollections,
  openDevice,
  planTrip,
  watchInbox,
} from '../../../docs/examples/schemas-and-merging.ts';
import { startWorldServer, type WorldServer } from '../src/world.ts';
import { codeOfGuide, exampleOf } from './guide-code.ts';

let server: WorldServer;
const open: { close(): Promise<unknown> }[] = [];

beforeEach(async () => {
  server = await startWorldServer({ collections });
});

afterEach(async () => {
  for (const database of open.splice(0)) await database.close();
  await server.end();
});

it('[DO1] the guide to schemas and merging shows its example as it is', async () => {
  expect(await codeOfGuide('schemas-and-merging')).toBe(await exampleOf('schemas-and-merging'));
});

it('[DO1] what two write apart comes together as the guide says', async () => {
  const devices = await editApart(server.url);
  open.push(...devices.map(({ db }) => db));
  const tripsOn = devices.map(
    ({ db }) =>
      async () =>
        (await db.trips.findOne('t1').exec(true)).toMutableJSON(),
  );
  for (const trip of tripsOn) {
    await expect.poll(trip).toEqual({
      id: 't1',
      title: 'To Kiel and back',
      day: '2026-05-05',
      harbour: { city: 'Kiel', berth: 'B 12' },
      log: 'Left Laboe at noon. Fog.',
      stops: ['Strande', 'Laboe', 'Kiel', 'Schilksee'],
      crew: ['ada', 'bo', 'cy'],
      miles: 23,
    });
  }
});

it('[DO1] its batch is written as a whole, and its inbox corrects what was refused', async () => {
  const { db, sync } = await openDevice(server.url, 'cy');
  open.push(db);
  await planTrip(db, 't2', ['ada', 'bo']);
  await expect(planTrip(db, 't2', ['cy'])).rejects.toThrow('there is a trip t2 already');
  expect(await db.bookings.count().exec()).toBe(2);

  let lines: readonly string[] = [];
  const inbox = watchInbox(sync, (shown) => {
    lines = shown;
  });
  await (await db.trips.findOne('t2').exec(true)).patch({ title: 'x'.repeat(201) });
  await expect.poll(() => lines).toEqual([expect.stringContaining('change of t2 in trips: ')]);
  expect((await db.trips.findOne('t2').exec(true)).title).toBe('2 to Kiel');
  await inbox.correct({ title: 'Two to Kiel' });
  await sync.awaitInSync();
  expect(lines).toEqual([]);
  inbox.end();
  expect((await db.trips.findOne('t2').exec(true)).title).toBe('Two to Kiel');
});

it('[DO1] its next version opens what the one before has written', async () => {
  const name = 'dee';
  const storage = getRxStorageMemory();
  const before = await createDatabase({ name, storage, collections });
  await before.trips.insert({ id: 't3', title: 'Old', day: '2026-05-04', log: 'Calm.' });
  await before.close();
  const after = await createDatabase({ name, storage, collections: nextCollections });
  open.push(after);
  const [trip] = await after.trips.find({ selector: { grade: 3 } }).exec();
  expect(trip).toMatchObject({ title: 'Old', log: 'Calm.', grade: 3 });
});
