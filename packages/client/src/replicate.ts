import type { Rows } from '@breakwater/protocol';
import { type RxCollection, type RxDatabase, type RxDocument, randomToken } from 'rxdb';
import { BehaviorSubject, filter, firstValueFrom, map, type Observable, Subject, startWith } from 'rxjs';
import { confirmDocument } from './confirm.ts';
import { type BackoffOptions, checkBackoff, DEFAULT_BACKOFF } from './connection/backoff.ts';
import { type BreakerOptions, checkBreaker, DEFAULT_BREAKER } from './connection/breaker.ts';
import { listenForHints } from './connection/browser-hints.ts';
import { type Connection, createConnection } from './connection/connection.ts';
import { LinkLostError } from './connection/errors.ts';
import { type ConnectionState, initialState, statusOf } from './connection/machine.ts';
import type { Session } from './connection/session.ts';
import type { WebSocketLike } from './connection/web-socket-like.ts';
import { describeError } from './describe-error.ts';
import { ReplicationEndedError } from './errors.ts';
import { type Scheduler, systemScheduler } from './scheduler.ts';
import type { Pending, RefusedRow, Status, SyncError } from './status.ts';
import { createLocalRows } from './storage/local-rows.ts';
import { capturedStorageOf } from './storage/with-breakwater.ts';
import { bind } from './sync/binding.ts';
import { type CollectionSync, createCollectionSync } from './sync/collection-sync.ts';
import { type DatabaseRecord, openCollectionRecord, openDatabaseRecord, type RecordKeeper } from './sync/record.ts';
import { createRefusedRows } from './sync/refused-rows.ts';
import { ClockJumpError } from './sync/up.ts';

export interface ReplicateOptions {
  /** Of the server's websocket: `wss://host/sync`. */
  readonly url: string;
  /** Asked at each attempt, once the socket is open; part of the attempt's 10 s. Default: an empty token. */
  readonly token?: () => string | Promise<string>;
  /** Opens a socket. Default: the platform's WebSocket. */
  readonly webSocket?: (url: string) => WebSocketLike;
  readonly breaker?: Partial<BreakerOptions>;
  readonly backoff?: Partial<BackoffOptions>;
  /** Time; default: the system's. For tests. */
  readonly scheduler?: Scheduler;
  /** A random number in [0, 1); default: Math.random. For tests. */
  readonly random?: () => number;
}

/** The replication of one database. Observables of state emit the current value at once. */
export interface Replication {
  readonly status: Status;
  readonly status$: Observable<Status>;
  readonly pending: Pending;
  readonly pending$: Observable<Pending>;
  /** Local writes that the server will not take. */
  readonly refused$: Observable<readonly RefusedRow[]>;
  readonly errors$: Observable<SyncError>;
  /** Resolves once everything that the server had was ever here; rejects when replication has ended or failed. */
  awaitInitialReplication(): Promise<void>;
  /**
   * Resolves once the link is live, everything is here and nothing is pending but what the server has refused; rejects
   * when replication has ended or failed.
   */
  awaitInSync(): Promise<void>;
  /**
   * 'stored': everything that the document shows is on the server's disk. 'refused': the server will not take it.
   *
   * @throws ConfirmTimeoutError when neither is known after `timeoutMs` (default: 30,000); the write stays pending.
   * @throws ReplicationEndedError when replication ends first.
   */
  confirm<D>(document: RxDocument<D>, options?: { readonly timeoutMs?: number }): Promise<'stored' | 'refused'>;
  /** Gives up the link until start(). */
  pause(): void;
  start(): void;
  /** Tries at once when offline, halted, failed or waiting for a token. */
  retry(): void;
  /** Ends replication for good. Local writes stay pending for the next one. */
  cancel(): Promise<void>;
}

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
  const refused = createRefusedRows();
  const errors$ = new Subject<SyncError>();
  const changed$ = new Subject<void>();
  let collections: readonly CollectionSync[] = [];
  let wantsToRun = true;
  let ended = false;

  const opening = open().catch((error: unknown) => {
    reportError({ code: 'storage-failed', message: describeError(error), cause: error });
    status$.next({ state: 'failed', since: scheduler.now(), reason: describeError(error) });
    changed$.next();
    throw error;
  });
  opening.catch(() => {});

  async function open(): Promise<Connection> {
    const record = await openDatabaseRecord(database, () => randomToken(12));
    collections = await Promise.all(rxCollections.map((collection) => openCollection(collection, record)));
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

  async function openCollection(collection: RxCollection, database: RecordKeeper<DatabaseRecord>) {
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
      onRefused: refused.add,
      onRefusalOver: (id) => refused.delete(collection.name, id),
      onError: reportError,
      onPushAcknowledged: () => dispatch({ type: 'sync-succeeded' }),
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
      await Promise.all(collections.map((collection) => collection.run(session)));
    } catch (error) {
      endSession(connection, session, error);
    }
  }

  /** False: the session must not be used. */
  async function prepare(connection: Connection, record: RecordKeeper<DatabaseRecord>, session: Session) {
    const hasPending = collections.some(({ pendingRows, refusedRows }) => pendingRows + refusedRows > 0);
    const binding = bind(record.value, session.connected, { hasPending, deviceNow: scheduler.now() });
    if (session.signal.aborted) return false;
    if (binding.kind === 'refuse') {
      connection.dispatch({ type: 'fail', reason: binding.reason });
      return false;
    }
    await record.set(binding.change);
    for (const collection of collections) collection.correctClock(record.value.clockOffsetMs);
    return !session.signal.aborted;
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

  const isCaughtUp = () => status$.value.state === 'live' && collections.every((each) => each.isCaughtUp);
  const isPulled = () => collections.every((each) => each.isPulled);
  const isInSync = () =>
    isCaughtUp() && collections.every(({ isScanned, pendingRows }) => isScanned && pendingRows === 0);

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
    const connection = await opening.catch(() => undefined);
    connection?.dispatch({ type: 'stop' });
    await Promise.all(collections.map((collection) => collection.stop()));
    changed$.next();
  }
  database.onClose.push(cancel);

  return {
    get status() {
      return status$.value;
    },
    status$: status$.asObservable(),
    get pending() {
      return pending$.value;
    },
    pending$: pending$.asObservable(),
    refused$: refused.rows$,
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
    cancel,
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

function checkUrl(url: string): void {
  const protocol = URL.parse(url)?.protocol;
  if (protocol === 'ws:' || protocol === 'wss:') return;
  throw new TypeError(`'${url}' is no websocket address: it must begin with ws:// or wss://`);
}

function capturedCollections(database: RxDatabase): RxCollection[] {
  const collections = Object.values(database.collections) as RxCollection[];
  const captured = collections.filter(({ storageInstance }) =>
    capturedStorageOf(storageInstance.originalStorageInstance),
  );
  if (captured.length > 0) return captured;
  throw new Error(
    `the database '${database.name}' has no collection whose writes are captured: open it with createDatabase, or hand withBreakwater(storage) to createRxDatabase`,
  );
}

function openWebSocket(url: string): WebSocketLike {
  return new WebSocket(url);
}
