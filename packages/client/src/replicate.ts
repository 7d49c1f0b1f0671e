import { type RxCollection, type RxDatabase, type RxDocument, type RxQuery, randomToken } from 'rxdb';
import { BehaviorSubject, filter, firstValueFrom, map, Subject, startWith } from 'rxjs';
import type { AttachmentRef } from './blobs/attachment-ref.ts';
import { createAttachments } from './blobs/attachments.ts';
import type { FetchOptions } from './blobs/download-options.ts';
import type { TransferState } from './blobs/transfers.ts';
import { capturedCollections, checkUrl } from './check-replicate.ts';
import { confirm } from './confirm.ts';
import { checkBackoff, DEFAULT_BACKOFF } from './connection/backoff.ts';
import { checkBreaker, DEFAULT_BREAKER } from './connection/breaker.ts';
import type { WebSocketLike } from './connection/web-socket-like.ts';
import { describeError } from './describe-error.ts';
import { type Command, type Engine, type Snapshot, startEngine } from './engine.ts';
import { AttachmentMissingError, ReplicationEndedError, UnsentWritesError } from './errors.ts';
import { createHistory } from './history.ts';
import { writeLastWords } from './live/last-words.ts';
import { createLazyLiveDocuments } from './live/lazy-live-documents.ts';
import type { DocumentToOpen, LiveDocument } from './live/live-document.ts';
import { listenForLeaving } from './live/page-hiding.ts';
import { createTabRooms } from './live/tab-rooms.ts';
import { toRefusedWrites } from './refused-writes.ts';
import type { ReplicateOptions, Replication } from './replication.ts';
import { systemScheduler } from './scheduler.ts';
import type { BreakerStatus, Pending, RefusedWrite, Status, SyncError, Transfer } from './status.ts';
import { toLocalRow } from './storage/document-row.ts';
import type { StoredDocument } from './storage/row-meta.ts';
import { requireCaptured } from './storage/with-breakwater.ts';
import { questionOf } from './sync/confirmation.ts';
import { type Inbox, openInbox } from './sync/inbox.ts';
import { watchJournals } from './sync/journal.ts';
import { openCollectionRecord, openDatabaseRecord } from './sync/record.ts';
import { ABANDONED_AFTER_MS, undoAbandoned } from './sync/undo-batch.ts';
import { openTabChannel, type TabMessage } from './tabs/channel.ts';
import { type Host, hostTabs } from './tabs/host.ts';
import { seekLeadership } from './tabs/leadership.ts';
import { watchLeader } from './tabs/watcher.ts';

/** Default of confirm, in milliseconds. */
const CONFIRM_TIMEOUT_MS = 30_000;

/**
 * Replicates the collections that the database has now over one websocket. Of several tabs that have the database open one
 * replicates; all show the same.
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

  const status$ = new BehaviorSubject<Status>({ state: 'connecting', since: scheduler.now() });
  const breaker$ = new BehaviorSubject<BreakerStatus>({ state: 'closed', failures: 0, threshold: breaker.failures });
  const pending$ = new BehaviorSubject<Pending>({ rows: 0, bytes: 0 });
  const refused$ = new BehaviorSubject<readonly RefusedWrite[]>([]);
  const errors$ = new Subject<SyncError>();
  const lastSyncedAt$ = new BehaviorSubject<number | undefined>(undefined);
  const latencyMs$ = new BehaviorSubject<number | undefined>(undefined);
  const transfers$ = new BehaviorSubject<readonly Transfer[]>([]);
  const history = createHistory(status$);
  const changed$ = new Subject<void>();
  const cleanUps: (() => void)[] = [];
  let cancelUndo: (() => void) | undefined;
  let snapshot: Snapshot | undefined;
  let inbox: Inbox | undefined;
  let engine: Engine | undefined;
  let host: Host | undefined;
  let leading: Promise<void> | undefined;
  /** What this tab has asked for since a leader was last heard of. */
  let wish: 'start' | 'pause' | undefined;
  let ended = false;

  const name = `${database.name} ${database.storage.name}`;
  const leadership = seekLeadership(name, database.multiInstance);
  const channel = database.multiInstance ? openTabChannel(name) : undefined;
  const tab = randomToken(10);
  const rooms = createTabRooms({ tab, scheduler, post: (message) => channel?.post({ type: 'room', message }) });
  const live = createLazyLiveDocuments({ rooms, scheduler, onError: reportLive });
  const watcher =
    channel &&
    watchLeader({
      channel,
      tab,
      onSnapshot: show,
      onTransfers: showTransfers,
      onError: (error) => errors$.next(error),
    });
  if (channel) channel.onMessage = receive;
  const attachments = createAttachments({
    database,
    collections: rxCollections,
    fetch: fetchBytes,
    persist: options.persist ?? true,
    errors$,
    onError: (error) => onError({ ...error, at: scheduler.now() }),
  });
  cleanUps.push(attachments.close);

  const opening = open().catch((error: unknown) => {
    giveWay(error);
    throw error;
  });
  opening.catch(() => {});

  async function open(): Promise<void> {
    await attachments.open();
    await undoAbandoned(database);
    const opened = await openInbox(database, ({ collection, id }, cause) => {
      const message = `the bytes of what was refused with '${id}' could not be kept: ${describeError(cause)}`;
      onError({ code: 'storage-failed', message, collection, cause, at: scheduler.now() });
    });
    inbox = opened;
    const writes$ = opened.records$.pipe(map((records) => toRefusedWrites(records, rxCollections, opened)));
    cleanUps.push(opened.close, () => refusedSubscription.unsubscribe());
    const refusedSubscription = writes$.subscribe((writes) => refused$.next(writes));
    await setClocks();
    for (const collection of rxCollections) watchWrites(collection);
    await writeLastWords(database, rxCollections).catch(reportStorage);
    cleanUps.push(watchJournals(database, undoLater), () => cancelUndo?.());
    cleanUps.push(listenForLeaving(rooms.leaveAll));
    undoLater();
    if (!database.multiInstance) return lead(opened);
    void leadership.gained.then(() => {
      leading = lead(opened).catch(giveWay);
    });
  }

  /** Another tab may be closed, or crash, while it writes a batch; a storage may fail when one is to be undone. */
  function undoLater(): void {
    cancelUndo ??= scheduler.after(ABANDONED_AFTER_MS, () => {
      cancelUndo = undefined;
      undoAbandoned(database).then((isOneLeft) => isOneLeft && !ended && undoLater(), reportStorage);
    });
  }

  /** A tab that does not replicate stamps its writes as one that does. */
  async function setClocks(): Promise<void> {
    const { value } = await openDatabaseRecord(database, () => randomToken(12));
    for (const collection of rxCollections) {
      const { clock } = requireCaptured(collection);
      clock.correct(value.clockOffsetMs);
      clock.startAfter((await openCollectionRecord(collection)).value.clockMs);
    }
  }

  function watchWrites(collection: RxCollection): void {
    const { written$, clock } = requireCaptured(collection);
    const subscription = written$.subscribe((ids) => {
      if (engine === undefined) watcher?.wrote(collection.name, ids, clock.highWaterMs());
    });
    cleanUps.push(() => subscription.unsubscribe());
  }

  async function lead(inbox: Inbox): Promise<void> {
    if (ended) return;
    const started = await startEngine({
      database,
      collections: rxCollections,
      inbox,
      url: options.url,
      token: options.token ?? (() => ''),
      webSocket: options.webSocket ?? openWebSocket,
      backoff,
      breaker,
      scheduler,
      random: options.random ?? Math.random,
      isPaused: (wish ?? (status$.value.state === 'paused' ? 'pause' : 'start')) === 'pause',
      onChange,
      onTransfers(states) {
        showTransfers(states);
        host?.showTransfers();
      },
      onError,
    });
    engine = started;
    if (ended) return started.stop();
    rooms.lead(started.rooms);
    if (channel) host = hostTabs(started, channel);
    // What was asked of the leader before, this tab answers by itself from now on.
    watcher?.stop();
    // It may have come while the engine was starting.
    if (wish !== undefined) started.command(wish);
    onChange();
  }

  function onError(error: SyncError): void {
    errors$.next(error);
    host?.tell(error);
  }

  function showTransfers(states: readonly TransferState[]): void {
    if (ended) return;
    transfers$.next(
      states.map(({ key, ...state }) => ({ ...state, cancel: () => (engine ?? watcher)?.cancelTransfer(key) })),
    );
  }

  async function fetchBytes(ref: AttachmentRef, fetchOptions: FetchOptions): Promise<Blob> {
    await opening;
    for (;;) {
      if (ended) throw new ReplicationEndedError();
      if (engine !== undefined) return engine.fetch(ref, fetchOptions);
      if (watcher === undefined) await firstValueFrom(changed$);
      const fetched = await watcher?.fetch(ref, fetchOptions);
      if (fetched?.kind === 'here') return fetched.data;
      if (fetched?.kind === 'missing') throw new AttachmentMissingError(ref, undefined, fetched.message);
      if (fetched?.kind === 'failed') throw new Error(fetched.message);
    }
  }

  function onChange(): void {
    if (engine === undefined) return;
    show(engine.snapshot);
    host?.publish();
  }

  function show(next: Snapshot): void {
    if (ended) return;
    if (engine === undefined && next.clockOffsetMs !== snapshot?.clockOffsetMs) {
      for (const collection of rxCollections) requireCaptured(collection).clock.correct(next.clockOffsetMs);
    }
    snapshot = next;
    if (engine === undefined) wish = undefined;
    // Before the status: who hears of that looks at both.
    if (!isSame(next.breaker, breaker$.value)) breaker$.next(next.breaker);
    if (!isSame(next.status, status$.value)) status$.next(next.status);
    if (next.lastSyncedAt !== lastSyncedAt$.value) lastSyncedAt$.next(next.lastSyncedAt);
    if (next.latencyMs !== latencyMs$.value) latencyMs$.next(next.latencyMs);
    if (!isSame(next.pending, pending$.value)) pending$.next(next.pending);
    changed$.next();
  }

  function receive(message: TabMessage): void {
    if (message.type === 'wiped') void cancel().then(() => database.close());
    else if (message.type === 'room') return rooms.receive(message.message);
    else if (engine === undefined) watch(message);
    else host?.receive(message);
  }

  function watch(message: TabMessage): void {
    watcher?.receive(message);
    if (message.type === 'leads') rooms.follow();
  }

  /** Another tab may be able to do what this one cannot. */
  function giveWay(error: unknown): void {
    fail(error);
    leadership.release();
  }

  function fail(error: unknown): void {
    if (ended) return;
    reportStorage(error);
    status$.next({ state: 'failed', since: scheduler.now(), reason: describeError(error) });
    changed$.next();
  }

  function reportLive(error: unknown, code: string, collection: string): void {
    errors$.next({ code, message: describeError(error), collection, cause: error, at: scheduler.now() });
  }

  function reportStorage(error: unknown): void {
    const at = scheduler.now();
    errors$.next({ code: 'storage-failed', message: describeError(error), cause: error, at });
  }

  function command(command: Command): void {
    opening.then(() => (engine ?? watcher)?.command(command)).catch(() => {});
  }

  function ask(wanted: 'start' | 'pause'): void {
    wish = wanted;
    command(wanted);
  }

  /** Is all that was written in this tab a part of the snapshot? */
  function isHeard(): boolean {
    return engine !== undefined || watcher === undefined || watcher.isHeard;
  }

  async function confirmDocument(document: RxDocument, timeoutMs: number): Promise<'stored' | 'refused'> {
    await opening;
    const { collection, _data } = document;
    requireReplicated(collection);
    const row = toLocalRow(requireCaptured(collection).plan, _data as unknown as StoredDocument);
    return confirm(questionOf(collection.name, row), {
      ask: async (question) => (engine ?? watcher)?.confirm(question) ?? 'pending',
      timeoutMs,
      scheduler,
      changed$,
      hasEnded: () => ended,
    });
  }

  async function openLive(document: RxDocument): Promise<LiveDocument> {
    await opening;
    if (ended) throw new ReplicationEndedError();
    requireReplicated(document.collection);
    return live.open(document);
  }

  function requireReplicated(collection: RxCollection): void {
    if (!rxCollections.includes(collection)) throw new Error(`the collection '${collection.name}' is not replicated`);
  }

  async function until(condition: (snapshot: Snapshot) => boolean): Promise<void> {
    await opening.catch(() => {});
    const reached$ = changed$.pipe(
      startWith(undefined),
      map(() => {
        if (ended) throw new ReplicationEndedError();
        const { value } = status$;
        if (value.state === 'failed') throw new ReplicationEndedError(`replication has failed: ${value.reason}`);
        return snapshot !== undefined && isHeard() && condition(snapshot);
      }),
      filter((isReached) => isReached),
    );
    await firstValueFrom(reached$);
  }

  let ending: Promise<void> | undefined;

  function cancel(): Promise<void> {
    ending ??= end();
    return ending;
  }

  async function end(): Promise<void> {
    ended = true;
    replicated.delete(database);
    // What this tab says from now on is of no other's concern.
    host?.stop();
    watcher?.stop();
    await opening.catch(() => {});
    // The storage must not be closed under an engine that is just starting.
    await leading;
    // While there is still somebody to whom what was typed last can be told.
    await live.end();
    await engine?.stop();
    if (engine !== undefined) breaker$.next(engine.snapshot.breaker);
    leadership.release();
    channel?.close();
    for (const cleanUp of cleanUps.splice(0)) cleanUp();
    status$.next({ state: 'stopped', since: scheduler.now() });
    transfers$.next([]);
    changed$.next();
  }
  database.onClose.push(cancel);

  async function signOut({ wipe = false, discardUnsent = false }: Parameters<Replication['signOut']>[0] = {}) {
    await opening;
    await live.flush();
    if (wipe && !discardUnsent) {
      const { pending } = await scanned();
      const count = pending.rows + (inbox?.records.length ?? 0);
      if (count > 0) throw new UnsentWritesError(count);
    }
    if (wipe) channel?.post({ type: 'wiped' });
    await cancel();
    if (wipe) await database.remove();
  }

  /** The snapshot of now, once what earlier runs left unsent is a part of it. */
  async function scanned(): Promise<Snapshot> {
    if (engine === undefined) watcher?.askForNews();
    for (;;) {
      const changed = firstValueFrom(changed$);
      if (ended) throw new ReplicationEndedError();
      if (snapshot?.isScanned && isHeard()) return snapshot;
      await changed;
    }
  }

  return {
    get status() {
      return status$.value;
    },
    status$: status$.asObservable(),
    get breaker() {
      return breaker$.value;
    },
    breaker$: breaker$.asObservable(),
    get pending() {
      return pending$.value;
    },
    pending$: pending$.asObservable(),
    get refused() {
      return refused$.value;
    },
    refused$: refused$.asObservable(),
    errors$: errors$.asObservable(),
    get history() {
      return history();
    },
    lastSyncedAt$: lastSyncedAt$.asObservable(),
    latencyMs$: latencyMs$.asObservable(),
    transfers$: transfers$.asObservable(),
    attachmentData: (attachment, dataOptions) => attachments.data(attachment, dataOptions),
    prefetch: (of, prefetchOptions) => attachments.prefetch(of as RxCollection | RxQuery | undefined, prefetchOptions),
    awaitInitialReplication: () => until(({ isPulled }) => isPulled),
    async awaitInSync() {
      // What was typed in open documents is a write from now on.
      await live.flush();
      await until(({ isInSync }) => isInSync);
    },
    confirm: (document, { timeoutMs = CONFIRM_TIMEOUT_MS } = {}) =>
      confirmDocument(document as unknown as RxDocument, timeoutMs),
    open: <D>(document: DocumentToOpen<D>) =>
      openLive(document as unknown as RxDocument) as unknown as Promise<LiveDocument<D>>,
    pause: () => ask('pause'),
    start: () => ask('start'),
    retry: () => command('retry'),
    adopt: () => command('adopt'),
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

function isSame(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function openWebSocket(url: string): WebSocketLike {
  return new WebSocket(url);
}
