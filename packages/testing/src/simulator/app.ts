import type { Scheduler } from '@breakwater/client';
import {
  bind,
  ClockJumpError,
  type CollectionSync,
  createBatchUp,
  createCollectionSync,
  createLocalRows,
  createSession,
  type Inbox,
  type Journal,
  listJournals,
  openCollectionRecord,
  openDatabaseRecord,
  openInbox,
  type RefusedWrite,
  RequestError,
  readJournal,
  refuseJournal,
  removeJournal,
  requireCaptured,
  type Session,
  toRefusedWrites,
  undoAbandoned,
  watchJournals,
} from '@breakwater/client/sync';
import { type Connected, down, type Rows } from '@breakwater/protocol';
import type { RxCollection, RxDatabase } from 'rxdb';
import type { Link, LinkEnd } from './link.ts';
import { type ModelDatabaseOptions, openModelDatabase } from './model-database.ts';
import type { Seams } from './seams.ts';

export interface AppOptions extends Omit<ModelDatabaseOptions, 'now' | 'compares'> {
  readonly scheduler: Scheduler;
  readonly seams: Seams;
  /** Replication has failed in a way that no weather explains. */
  readonly onFault: (fault: string) => void;
}

/** The app between its start and its end: the real capture, batches and sync loop, over a model of the device. */
export interface App {
  readonly database: RxDatabase;
  /** The inbox as the user sees it; undefined while replication is starting. */
  readonly refused: readonly RefusedWrite[] | undefined;
  readonly pendingRows: number;
  readonly isInSync: boolean;
  /** Is replication ready for a link? */
  readonly canFollow: boolean;
  /** Uses a link until it is lost. */
  follow(link: Link): void;
}

/** Opens the database as createDatabase does; replication starts by itself. */
export async function startApp(options: AppOptions): Promise<App> {
  const { name, scheduler, seams, onFault } = options;
  const database = await openModelDatabase({
    ...options,
    now: scheduler.now,
    compares: seams.compares ?? true,
  });
  const { value } = await openDatabaseRecord(database, () => name);
  for (const collection of collectionsOf(database)) requireCaptured(collection).setReplica(value.replica);
  await undoAbandoned(database);

  let replication: Replication | undefined;
  startReplication(database, options)
    .then((started) => {
      replication = started;
    })
    .catch((error: unknown) => onFault(`${name}: ${describe(error)}`));

  return {
    database,
    get refused() {
      return replication && toRefusedWrites(replication.inbox.records, collectionsOf(database), replication.inbox);
    },
    get pendingRows() {
      return replication?.pendingRows ?? 0;
    },
    get isInSync() {
      return replication?.isInSync ?? false;
    },
    get canFollow() {
      return replication !== undefined;
    },
    follow: (link) => replication?.follow(link),
  };
}

export function collectionsOf({ collections }: RxDatabase): RxCollection[] {
  return Object.values(collections);
}

interface Replication {
  readonly inbox: Inbox;
  readonly pendingRows: number;
  readonly isInSync: boolean;
  follow(link: Link): void;
}

/** Wires the parts as `replicate` and its engine do, but for the connection. */
async function startReplication(database: RxDatabase, options: AppOptions): Promise<Replication> {
  const { name, scheduler, seams, onFault } = options;
  await undoAbandoned(database);
  const inbox = await openInbox(database);
  const record = await openDatabaseRecord(database, () => name);
  await inbox.conclude(inbox.records);
  const batchUp = createBatchUp({
    members: () => collections.map(({ member }) => member),
    readJournal: (batch) => readJournal(database, batch),
    refuseJournal: (batch, what) => refuseJournal(database, batch, what),
    removeJournal: (batch) => removeJournal(database, batch),
  });
  const collections = await Promise.all(collectionsOf(database).map(openCollection));
  for (const collection of collections) {
    collection.scan().catch((error: unknown) => onFault(`${name}: ${describe(error)}`));
  }
  watchJournals(database, noteWrittenBatches);
  noteWrittenBatches(await listJournals(database));

  function noteWrittenBatches(journals: readonly Journal[]): void {
    batchUp.note(journals.filter(({ state }) => state === 'written').map(({ batch }) => batch));
  }

  async function openCollection(collection: RxCollection): Promise<CollectionSync> {
    const opened = await openCollectionRecord(collection);
    const collectionRecord = seams.record?.(opened) ?? opened;
    const rows = createLocalRows(collection);
    rows.clock.correct(record.value.clockOffsetMs);
    rows.clock.startAfter(collectionRecord.value.clockMs);
    return createCollectionSync({
      collection,
      rows: seams.rows?.(rows) ?? rows,
      record: collectionRecord,
      scheduler,
      onChange: () => {},
      refusedBefore: inbox.records.filter((each) => each.collection === collection.name),
      inbox,
      onError: ({ message }) => onFault(`${name}: ${message}`),
      onPushAcknowledged: () => {},
      onBatches: batchUp.note,
      onWork: batchUp.wake,
    });
  }

  async function run(session: Session, link: Link): Promise<void> {
    try {
      await Promise.all(collections.map((collection) => collection.scan()));
      if (!(await prepare(session))) return;
      await Promise.all([batchUp.run(session), ...collections.map((collection) => collection.run(session))]);
    } catch (error) {
      endSession(session, link, error);
    }
  }

  async function prepare(session: Session): Promise<boolean> {
    const hasPending = pendingRows() > 0 || inbox.records.length > 0;
    const binding = bind(record.value, session.connected, { hasPending, deviceNow: scheduler.now() });
    if (session.signal.aborted) return false;
    if (binding.kind === 'refuse') throw new Error(binding.reason);
    await record.set(binding.change);
    for (const collection of collections) collection.correctClock(record.value.clockOffsetMs);
    return !session.signal.aborted;
  }

  function receive(session: Session, link: Link, { groups }: Rows): void {
    for (const group of groups) {
      const collection = collections.find((each) => each.name === group.collection);
      collection?.receive(session, group).catch((error: unknown) => endSession(session, link, error));
    }
  }

  function endSession(session: Session, link: Link, error: unknown): void {
    if (session.signal.aborted || link.isCut) return;
    if (!isWeather(error)) onFault(`${name}: ${describe(error)}`);
    link.cut();
    link.clientEnd?.lost();
  }

  function pendingRows(): number {
    return collections.reduce((sum, each) => sum + each.pendingRows, 0);
  }

  function useSession(connected: Connected, link: Link): LinkEnd {
    const runner = createSession({
      connected,
      scheduler,
      send: (frame) => link.up.send(frame),
      onRows: (rows) => receive(session, link, rows),
      onDeadline: link.cut,
    });
    const session = seams.session?.(runner.session) ?? runner.session;
    void run(session, link);
    return {
      receive(frame) {
        const message = down.decode(frame);
        if (message !== undefined) runner.receive(message);
      },
      lost() {
        link.clientEnd = undefined;
        runner.end('the link was cut');
      },
    };
  }

  return {
    inbox,
    get pendingRows() {
      return pendingRows();
    },
    get isInSync() {
      return collections.every(({ isInSync }) => isInSync) && pendingRows() === 0;
    },
    follow(link) {
      link.clientEnd = waitForConnected(link, (connected) => {
        link.clientEnd = useSession(connected, link);
      });
    },
  };
}

/** The client tries again after these: the server said that it cannot go on, or the clocks must be compared again. */
function isWeather(error: unknown): boolean {
  return error instanceof RequestError || error instanceof ClockJumpError;
}

function waitForConnected(link: Link, onConnected: (connected: Connected) => void): LinkEnd {
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

function describe(error: unknown): string {
  return String(error instanceof Error ? error.stack : error);
}
