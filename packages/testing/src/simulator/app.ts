import type { Scheduler } from '@breakwater/client';
import { defineCollections } from '@breakwater/client';
import {
  bind,
  type CollectionRecord,
  type CollectionSync,
  createCollectionSync,
  createLocalRows,
  createSession,
  type DatabaseRecord,
  type Instance,
  type Session,
  withBreakwater,
} from '@breakwater/client/sync';
import { type Connected, down } from '@breakwater/protocol';
import type { RxCollection } from 'rxdb';
import type { Link } from './link.ts';
import { openModelRecord } from './model-record.ts';
import { createModelStorage, type Disk, type ModelStorageOptions } from './model-storage.ts';
import type { Seams } from './seams.ts';
import { COLLECTION } from './server.ts';
import type { Tasks } from './tasks.ts';

export const notes = defineCollections({
  [COLLECTION]: {
    schema: {
      version: 0,
      primaryKey: 'id',
      type: 'object',
      properties: {
        id: { type: 'string', maxLength: 100 },
        title: { type: 'string' },
        body: { type: 'string' },
        rating: { type: 'number' },
        place: { type: 'object', properties: { city: { type: 'string' }, street: { type: 'string' } } },
      },
      required: ['title'],
    },
  },
})[COLLECTION];

export interface AppOptions {
  readonly name: string;
  readonly disk: Disk;
  readonly tasks: Tasks;
  readonly scheduler: Scheduler;
  readonly random: () => number;
  readonly copies: boolean;
  readonly seams: Seams;
  readonly onWritten: ModelStorageOptions['onWritten'];
  /** Replication has failed in a way that no weather explains. */
  readonly onFault: (fault: string) => void;
}

/** The app between its start and its end: the real capture, rows and sync loop, over a model of the device. */
export interface App {
  readonly instance: Instance;
  readonly pendingRows: number;
  readonly isInSync: boolean;
  /** Uses a link until it is lost. */
  follow(link: Link): void;
}

export async function startApp(options: AppOptions): Promise<App> {
  const { name, disk, tasks, scheduler, seams, onFault } = options;
  const instance = await openInstance(options);
  const database = openModelRecord<DatabaseRecord>('database', { replica: name, clockOffsetMs: 0 }, disk, tasks);
  const openedRecord = openModelRecord<CollectionRecord>(COLLECTION, FRESH_RECORD, disk, tasks);
  const record = seams.record?.(openedRecord) ?? openedRecord;
  const collection = asCollection(instance, name);
  const localRows = createLocalRows(collection);
  localRows.clock.correct(database.value.clockOffsetMs);
  localRows.clock.startAfter(record.value.clockMs);
  const sync = createCollectionSync({
    collection,
    rows: seams.rows?.(localRows) ?? localRows,
    record,
    scheduler,
    onChange: () => {},
    refusedBefore: [],
    async keepRefused(records) {
      for (const { id, reason } of records) onFault(`${name}: '${id}' was refused: ${reason}`);
    },
    onError: ({ message }) => onFault(`${name}: ${message}`),
    onPushAcknowledged: () => {},
    onBatches: () => {},
    onWork: () => {},
  });
  sync.scan().catch((error: unknown) => onFault(`${name}: ${error}`));

  async function run(session: Session, link: Link): Promise<void> {
    try {
      await sync.scan();
      if (await prepare(session)) await sync.run(session);
    } catch (error) {
      if (link.isCut) return;
      onFault(`${name}: ${error instanceof Error ? error.stack : error}`);
      link.cut();
    }
  }

  async function prepare(session: Session): Promise<boolean> {
    const context = { hasPending: sync.pendingRows > 0, deviceNow: scheduler.now() };
    const binding = bind(database.value, session.connected, context);
    if (session.signal.aborted || binding.kind === 'refuse') return false;
    await database.set(binding.change);
    sync.correctClock(database.value.clockOffsetMs);
    return !session.signal.aborted;
  }

  return {
    instance,
    get pendingRows() {
      return sync.pendingRows;
    },
    get isInSync() {
      return sync.isScanned && sync.isCaughtUp && sync.pendingRows === 0;
    },
    follow(link) {
      link.clientEnd = waitForConnected(link, (connected) => {
        link.clientEnd = useSession(connected, { link, sync, scheduler, seams, run, onFault });
      });
    },
  };
}

const FRESH_RECORD: CollectionRecord = {
  epoch: '',
  checkpoint: 0,
  cleanLwt: 0,
  isPulled: false,
  resend: false,
  sweep: false,
  clockMs: 0,
  collectionRev: '1-a',
};

async function openInstance({
  disk,
  tasks,
  scheduler,
  random,
  copies,
  seams,
  onWritten,
}: AppOptions): Promise<Instance> {
  const { schema } = notes;
  const compares = seams.compares ?? true;
  const storage = createModelStorage({ disk, tasks, schema, copies, compares, onWritten });
  const captured = withBreakwater(storage, { now: scheduler.now, random });
  const params = { collectionName: COLLECTION } as Parameters<typeof captured.createStorageInstance>[0];
  return (await captured.createStorageInstance(params)) as unknown as Instance;
}

/** As much of RxDB's collection as replication uses. */
function asCollection(instance: Instance, token: string): RxCollection {
  const database = { token, lockedRun: <T>(run: () => T) => run() };
  return {
    name: COLLECTION,
    database,
    storageInstance: { originalStorageInstance: instance },
  } as unknown as RxCollection;
}

function waitForConnected(link: Link, onConnected: (connected: Connected) => void): Link['clientEnd'] {
  return {
    receive(frame) {
      const message = down.decode(frame);
      if (message?.type === 'connected') onConnected(message);
    },
    lost() {
      link.clientEnd = undefined;
    },
  };
}

interface SessionParts {
  readonly link: Link;
  readonly sync: CollectionSync;
  readonly scheduler: Scheduler;
  readonly seams: Seams;
  readonly run: (session: Session, link: Link) => Promise<void>;
  readonly onFault: (fault: string) => void;
}

function useSession(connected: Connected, { link, sync, scheduler, seams, run, onFault }: SessionParts) {
  const runner = createSession({
    connected,
    scheduler,
    send: (frame) => link.up.send(frame),
    onRows: ({ groups }) => {
      for (const group of groups) {
        sync.receive(session, group).catch((error: unknown) => onFault(String(error)));
      }
    },
    onDeadline: () => link.cut(),
  });
  const session = seams.session?.(runner.session) ?? runner.session;
  void run(session, link);
  return {
    receive(frame: Uint8Array) {
      const message = down.decode(frame);
      if (message !== undefined) runner.receive(message);
    },
    lost() {
      link.clientEnd = undefined;
      runner.end('the link was cut');
    },
  };
}
