import {
  batch,
  type CollectionsOf,
  createDatabase,
  defineCollections,
  type Replication,
  replicate,
} from '@breakwater/client';
import { addRxPlugin, type RxDatabase } from 'rxdb';
import { RxDBMigrationSchemaPlugin } from 'rxdb/plugins/migration-schema';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';

export const collections = defineCollections({
  trips: {
    schema: {
      version: 0,
      primaryKey: 'id',
      type: 'object',
      properties: {
        id: { type: 'string', maxLength: 100 },
        title: { type: 'string', maxLength: 200 },
        day: { type: 'string', maxLength: 10 },
        harbour: { type: 'object', properties: { city: { type: 'string' }, berth: { type: 'string' } } },
        log: { type: 'string' },
        stops: { type: 'array', items: { type: 'string' } },
        crew: { type: 'array', items: { type: 'string' } },
        miles: { type: 'number' },
      },
      required: ['title', 'day'],
      indexes: ['day', ['title', 'day']],
      attachments: {},
    },
    merge: { log: 'text', stops: 'list', crew: 'set', miles: 'counter' },
  },
  bookings: {
    schema: {
      version: 0,
      primaryKey: 'id',
      type: 'object',
      properties: { id: { type: 'string', maxLength: 100 }, trip: { type: 'string' }, name: { type: 'string' } },
      required: ['trip', 'name'],
    },
  },
});

export async function openDevice(url: string, name: string) {
  const db = await createDatabase({ name, storage: getRxStorageMemory(), collections });
  const sync = replicate(db, { url });
  await sync.awaitInitialReplication();
  return { db, sync };
}

/** Two people edit one trip, each without a network, and then meet. */
export async function editApart(url: string) {
  const ada = await openDevice(url, 'ada');
  const draft = { log: 'Left at noon.', stops: ['Laboe', 'Kiel'], crew: ['ada'], miles: 12 };
  const hers = await ada.db.trips.insert({ id: 't1', title: 'To Kiel', day: '2026-05-04', ...draft });
  await ada.sync.awaitInSync();
  const bo = await openDevice(url, 'bo');
  const his = await bo.db.trips.findOne('t1').exec(true);

  for (const { sync } of [ada, bo]) sync.pause();
  await hers.patch({
    title: 'To Kiel and back',
    harbour: { city: 'Kiel' },
    log: 'Left Laboe at noon.',
    stops: ['Laboe', 'Kiel', 'Schilksee'],
    crew: ['ada', 'cy'],
    miles: 15, // three more
  });
  await his.patch({
    day: '2026-05-05',
    harbour: { berth: 'B 12' },
    log: 'Left at noon. Fog.',
    stops: ['Strande', 'Laboe', 'Kiel'],
    crew: ['ada', 'bo'],
    miles: 20, // eight more
  });
  for (const { sync } of [bo, ada]) {
    sync.start();
    await sync.awaitInSync();
  }
  return [ada, bo];
}

type Database = RxDatabase<CollectionsOf<typeof collections>>;

/** A trip with all its bookings, or nothing of it. */
export async function planTrip(db: Database, id: string, names: readonly string[]) {
  await batch(db, async (tx) => {
    if ((await tx.trips.get(id)) !== undefined) throw new Error(`there is a trip ${id} already`);
    tx.trips.insert({ id, title: `${names.length} to Kiel`, day: '2026-05-04' });
    for (const name of names) tx.bookings.insert({ id: `${id} ${name}`, trip: id, name });
  });
}

/** A line for each write that the server did not take, and a way to correct the first one. */
export function watchInbox(sync: Replication, show: (lines: readonly string[]) => void) {
  const showing = sync.refused$.subscribe((refused) => {
    show(refused.map(({ kind, collection, id, reason }) => `${kind} of ${id} in ${collection}: ${reason}`));
  });
  const correct = (fields: object) => sync.refused[0]?.edit({ ...fields }); // or retry(), or discard()
  return { correct, end: () => showing.unsubscribe() };
}

addRxPlugin(RxDBMigrationSchemaPlugin);
const { trips, bookings } = collections;

/** The app's next version: one field more, which is required and in an index. */
export const nextCollections = defineCollections({
  trips: {
    ...trips,
    schema: {
      ...trips.schema,
      version: 1,
      properties: {
        ...trips.schema.properties,
        grade: { type: 'integer', minimum: 1, maximum: 6, multipleOf: 1, default: 3 },
      },
      required: ['title', 'day', 'grade'],
      indexes: ['day', 'grade'],
    },
    migrationStrategies: { 1: (trip: object) => ({ ...trip, grade: 3 }) },
  },
  bookings,
});
