import type { Rows } from '@breakwater/protocol';
import { type RxCollection, type RxDatabase, type RxDocument, randomToken } from 'rxdb';
import { BehaviorSubject, filter, firstValueFrom, map, Subject, startWith } from 'rxjs';
import { capturedCollections, checkUrl } from './check-replicate.ts';
import { confirmDocument } from './confirm.ts';
import { checkBackoff, DEFAULT_BACKOFF } from './connection/backoff.ts';
import { checkBreaker, DEFAULT_BREAKER } from './connection/breaker.ts';
import { listenForHints } from './connection/browser-hints.ts';
import { type Connection, createConnection } from './connection/connection.ts';
import { LinkLostError } from './connection/errors.ts';
import { type ConnectionState, initialState, statusOf } from './connection/machine.ts';
import type { Session } from './connection/session.ts';
import type { WebSocketLike } from './connection/web-socket-like.ts';
import { describeError } from './describe-error.ts';
import { ReplicationEndedError, UnsentWritesError } from './errors.ts';
import { toRefusedWrites } from './refused-writes.ts';
import type { ReplicateOptions, Replication } from './replication.ts';
import { systemScheduler } from './scheduler.ts';
import type { Pending, RefusedWrite, Status, SyncError } from './status.ts';
import { createLocalRows } from './storage/local-rows.ts';
import { createBatchUp } from './sync/batch-up.ts';
import { bind } from './sync/binding.ts';
import { type CollectionSync, createCollectionSync } from './sync/collection-sync.ts';
import { type Inbox, openInbox } from './sync/inbox.ts';
import { readJournal, removeJournal, watchJournals } from './sync/journal.ts';
import { type DatabaseRecord, openCollectionRecord, openDatabaseRecord, type RecordKeeper } from './sync/record.ts';
import { ABANDONED_AFTER_MS, undoAbandoned as undoAbandonedBatches } from './sync/undo-batch.ts';
import { ClockJumpError } from './sync/up.ts';

/** Default of confirm, in milliseconds. */
const CONFIRM_TIMEOUT_MS = 30_000;

/**
 * Replicates the collections that the database has now over one websocket.
 *
 * @throws RangeError when an option makes no sense; TypeError when the url is none of a websocket; Error when the
 * database was not made by createDatabase or with withBreakwater(storage), or is replicated already.
 */
export function replicate<C>(typedDatabase: RxDatabase<C>, options: ReplicateOptions): Replication {
  // Whatever its collections are: here they are only names and storages.
  const database = typedDatabase as unknown as RxDatabase;
  const backoff = { ...DEFAULT_BACKOFF, ...options.backoff };
  const breaker = { ...DEFAULT_BREAKER, ...options.breaker };
  checkBackoff(backoff);
  checkBreaker(breaker);
  checkUrl(options.url);
  const rxCollections = capturedCollections(database);
  requireFirst(database);
  const scheduler = options.scheduler ?? systemScheduler;

  const status$ = new BehaviorSubject<Status>(statusOf(initialState(scheduler.now())));
  const pending$ = new BehaviorSubject<Pending>({ rows: 0, bytes: 0 });
  const refused$ = new BehaviorSubject<readonly RefusedWrite[]>([]);
  const errors$ = new Subject<SyncError>();
  const changed$ = new Subject<void>();
  let collections: readonly CollectionSync[] = [];
  const batchUp = createBatchUp({
    members: () => collections.map(({ member }) => member),
    readJournal: (batch) => readJournal(database, batch),
    removeJournal: (batch) => removeJournal(database, batch),
  });
  let inbox: Inbox | undefined;
  let isAdopting = false;
  let cancelUndo = () => {};
  const stopWatching = watchJournals(database, batchUp.wake);
  let wantsToRun = true;
  let ended = false;

  const opening = open().catch((error: unknown) => {
    reportStorage(error);
    status$.next({ state: 'failed', since: scheduler.now(), reason: describeError(error) });
    changed$.next();
    throw error;
  });
  opening.catch(() => {});

  async function open(): Promise<Connection> {
    const record = await openDatabaseRecord(database, () => randomToken(12));
    await undoAbandoned();
    const opened = await openInbox(database);
    inbox = opened;
    opened.records$
      .pipe(map((records) => toRefusedWrites(records, rxCollections, opened)))
      .subscribe((writes) => refused$.next(writes));
    collections = await Promise.all(rxCollections.map((collection) => openCollection(collection, record, opened)));
    const connection = createConnection({
      url: options.url,
      replica: record.value.replica,
      token: options.token ?? (() => ''),
      webSocket: options.webSocket ?? openWebSocket,
      backoff,
      breaker,
      scheduler,
      random: options.random ?? Math.random,
      onState,
      onSession: (session) => void run(connection, record, session),
      onRows: (session, rows) => receive(connection, session, rows),
    });
    for (const collection of collections) {
      const { name } = collection;
      collection.scan().catch((error: unknown) => {
        reportError({ code: 'storage-failed', message: describeError(error), collection: name, cause: error });
      });
    }
    if (wantsToRun && !ended) connection.dispatch({ type: 'start' });
    return connection;
  }

  /** Now, and once more for those that another tab may have been writing when it was closed. */
  async function undoAbandoned(): Promise<void> {
    await undoAbandonedBatches(database);
    if (!database.multiInstance) return;
    cancelUndo = scheduler.after(ABANDONED_AFTER_MS, () => void undoAbandonedBatches(database).catch(reportStorage));
  }

  function reportStorage(error: unknown): void {
    reportError({ code: 'storage-failed', message: describeError(error), cause: error });
  }

  async function openCollection(collection: RxCollection, database: RecordKeeper<DatabaseRecord>, inbox: Inbox) {
    const record = await openCollectionRecord(collection);
    const rows = createLocalRows(collection);
    rows.clock.correct(database.value.clockOffsetMs);
    rows.clock.startAfter(record.value.clockMs);
    const sync = createCollectionSync({
      collection,
      rows,
      record,
      scheduler,
      onChange,
      refusedBefore: inbox.records.filter((record) => record.collection === collection.name),
      keepRefused: inbox.keep,
      onError: reportError,
      onPushAcknowledged: () => dispatch({ type: 'sync-succeeded' }),
      onBatches: batchUp.note,
      onWork: batchUp.wake,
    });
    // A collection that is closed or removed leaves; the others go on.
    collection.onClose.push(async () => {
      collections = collections.filter((each) => each !== sync);
      await sync.stop();
      onChange();
    });
    return sync;
  }

  function dispatch(event: Parameters<Connection['dispatch']>[0]): void {
    opening.then((connection) => connection.dispatch(event)).catch(() => {});
  }

  async function run(connection: Connection, record: RecordKeeper<DatabaseRecord>, session: Session): Promise<void> {
    try {
      await Promise.all(collections.map((collection) => collection.scan()));
      if (!(await prepare(connection, record, session))) return;
      await Promise.all([batchUp.run(session), ...collections.map((collection) => collection.run(session))]);
    } catch (error) {
      endSession(connection, session, error);
    }
  }

  /** False: the session must not be used. */
  async function prepare(connection: Connection, record: RecordKeeper<DatabaseRecord>, session: Session) {
    const hasPending = unsentWrites() > 0 && !isAdopting;
    const binding = bind(record.value, session.connected, { hasPending, deviceNow: scheduler.now() });
    if (session.signal.aborted) return false;
    if (binding.kind === 'refuse') {
      connection.dispatch({ type: 'fail', reason: binding.reason });
      return false;
    }
    isAdopting = false;
    await record.set(binding.change);
    for (const collection of collections) collection.correctClock(record.value.clockOffsetMs);
    return !session.signal.aborted;
  }

  /** Documents with changes that the server does not have, refused ones included. */
  function unsentWrites(): number {
    return collections.reduce((sum, { pendingRows }) => sum + pendingRows, inbox?.records.length ?? 0);
  }

  function endSession(connection: Connection, session: Session, error: unknown): void {
    if (session.signal.aborted || error instanceof LinkLostError) return;
    const cause = describeError(error);
    reportError({ code: 'sync-failed', message: cause, cause: error });
    connection.dispatch(error instanceof ClockJumpError ? { type: 'lost', cause } : { type: 'sync-failed', cause });
  }

  function receive(connection: Connection, session: Session, rows: Rows): void {
    for (const group of rows.groups) {
      const collection = collections.find(({ name }) => name === group.collection);
      collection?.receive(session, group).catch((error: unknown) => endSession(connection, session, error));
    }
  }

  function onState(state: ConnectionState): void {
    const status = statusOf(state);
    if (JSON.stringify(status) !== JSON.stringify(status$.value)) status$.next(status);
    changed$.next();
  }

  function onChange(): void {
    const rows = collections.reduce((sum, { pendingRows }) => sum + pendingRows, 0);
    const bytes = collections.reduce((sum, { pendingBytes }) => sum + pendingBytes, 0);
    if (rows !== pending$.value.rows || bytes !== pending$.value.bytes) pending$.next({ rows, bytes });
    if (isInSync()) dispatch({ type: 'sync-succeeded' });
    changed$.next();
  }

  function reportError(error: Omit<SyncError, 'at'>): void {
    errors$.next({ ...error, at: scheduler.now() });
  }

  async function confirm(document: RxDocument, timeoutMs: number): Promise<'stored' | 'refused'> {
    await opening;
    const collection = collections.find(({ name }) => name === document.collection.name);
    if (collection === undefined) throw new Error(`the collection '${document.collection.name}' is not replicated`);
    return confirmDocument(document, { collection, timeoutMs, scheduler, changed$, hasEnded: () => ended });
  }

  async function until(condition: () => boolean): Promise<void> {
    await opening.catch(() => {});
    const reached$ = changed$.pipe(
      startWith(undefined),
      map(() => {
        if (ended) throw new ReplicationEndedError();
        const { value } = status$;
        if (value.state === 'failed') throw new ReplicationEndedError(`replication has failed: ${value.reason}`);
        return condition();
      }),
      filter((isReached) => isReached),
    );
    await firstValueFrom(reached$);
  }

  const isPulled = () => collections.every((each) => each.isPulled);
  const isInSync = () => status$.value.state === 'live' && collections.every((each) => each.isInSync);

  const stopHints = listenForHints(() => dispatch({ type: 'hint' }));

  let ending: Promise<void> | undefined;

  function cancel(): Promise<void> {
    ending ??= end();
    return ending;
  }

  async function end(): Promise<void> {
    ended = true;
    replicated.delete(database);
    stopHints();
    cancelUndo();
    stopWatching();
    const connection = await opening.catch(() => undefined);
    connection?.dispatch({ type: 'stop' });
    await Promise.all(collections.map((collection) => collection.stop()));
    inbox?.close();
    changed$.next();
  }
  database.onClose.push(cancel);

  async function signOut({ wipe = false, discardUnsent = false }: Parameters<Replication['signOut']>[0] = {}) {
    await opening;
    if (wipe && !discardUnsent) {
      await Promise.all(collections.map((collection) => collection.scan()));
      if (unsentWrites() > 0) throw new UnsentWritesError(unsentWrites());
    }
    await cancel();
    if (wipe) await database.remove();
  }

  return {
    get status() {
      return status$.value;
    },
    status$: status$.asObservable(),
    get pending() {
      return pending$.value;
    },
    pending$: pending$.asObservable(),
    get refused() {
      return refused$.value;
    },
    refused$: refused$.asObservable(),
    errors$: errors$.asObservable(),
    awaitInitialReplication: () => until(isPulled),
    awaitInSync: () => until(isInSync),
    confirm: (document, { timeoutMs = CONFIRM_TIMEOUT_MS } = {}) =>
      confirm(document as unknown as RxDocument, timeoutMs),
    pause() {
      wantsToRun = false;
      dispatch({ type: 'pause' });
    },
    start() {
      wantsToRun = true;
      dispatch({ type: 'start' });
    },
    retry: () => dispatch({ type: 'retry' }),
    adopt() {
      isAdopting = true;
      dispatch({ type: 'retry' });
    },
    cancel,
    signOut,
  };
}

const replicated = new WeakSet<RxDatabase>();

/** Two loops over one database would only be in each other's way. */
function requireFirst(database: RxDatabase): void {
  if (replicated.has(database)) {
    throw new Error(`the database '${database.name}' is replicated already; cancel() that replication first`);
  }
  replicated.add(database);
}

function openWebSocket(url: string): WebSocketLike {
  return new WebSocket(url);
}
