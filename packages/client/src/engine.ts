import type { Rows } from '@breakwater/protocol';
import { type RxCollection, type RxDatabase, randomToken } from 'rxdb';
import type { AttachmentRef } from './blobs/attachment-ref.ts';
import { createBlobs } from './blobs/blobs.ts';
import type { FetchOptions } from './blobs/download-options.ts';
import type { TransferState } from './blobs/transfers.ts';
import type { BackoffOptions } from './connection/backoff.ts';
import type { BreakerOptions } from './connection/breaker.ts';
import { breakerStatusOf } from './connection/breaker-status.ts';
import { listenForHints } from './connection/browser-hints.ts';
import { createConnection } from './connection/connection.ts';
import { LinkLostError } from './connection/errors.ts';
import { type ConnectionState, initialState, statusOf } from './connection/machine.ts';
import type { Session } from './connection/session.ts';
import type { WebSocketLike } from './connection/web-socket-like.ts';
import { describeError } from './describe-error.ts';
import { createLinkRooms } from './live/link-rooms.ts';
import type { Rooms } from './live/rooms.ts';
import type { Scheduler } from './scheduler.ts';
import type { BreakerStatus, Pending, Status, SyncError } from './status.ts';
import { attachmentBytesOf } from './storage/attachment-bytes.ts';
import { createLocalRows } from './storage/local-rows.ts';
import { createBatchUp } from './sync/batch-up.ts';
import { bind } from './sync/binding.ts';
import { type CollectionSync, createCollectionSync } from './sync/collection-sync.ts';
import type { Confirmation, Question } from './sync/confirmation.ts';
import type { Inbox } from './sync/inbox.ts';
import {
  type Journal,
  listJournals,
  readJournal,
  refuseJournal,
  removeJournal,
  watchJournals,
} from './sync/journal.ts';
import { type DatabaseRecord, openCollectionRecord, openDatabaseRecord, type RecordKeeper } from './sync/record.ts';
import { ClockJumpError } from './sync/up.ts';

export interface EngineOptions {
  readonly database: RxDatabase;
  readonly collections: readonly RxCollection[];
  readonly inbox: Inbox;
  readonly url: string;
  readonly token: () => string | Promise<string>;
  readonly webSocket: (url: string) => WebSocketLike;
  readonly backoff: BackoffOptions;
  readonly breaker: BreakerOptions;
  readonly scheduler: Scheduler;
  readonly random: () => number;
  /** Shall it wait for the command to start? */
  readonly isPaused: boolean;
  /** Something of the snapshot may have changed, or what confirm would answer. */
  readonly onChange: () => void;
  readonly onTransfers: (states: readonly TransferState[]) => void;
  readonly onError: (error: SyncError) => void;
}

/** What replication shows of itself, in the tab that replicates and in those that watch it. */
export interface Snapshot {
  readonly status: Status;
  readonly breaker: BreakerStatus;
  readonly pending: Pending;
  /** Was everything that the server had ever here? */
  readonly isPulled: boolean;
  readonly isInSync: boolean;
  /** Was everything looked at that earlier runs left unsent? Until then `pending` may be too little. */
  readonly isScanned: boolean;
  /** Milliseconds to add to the device's time when local writes are stamped. */
  readonly clockOffsetMs: number;
  /** When everything was last in step, in milliseconds since 1970; undefined: never. */
  readonly lastSyncedAt?: number | undefined;
  /** How long the server takes to answer, in milliseconds, as last measured on this link. */
  readonly latencyMs?: number | undefined;
}

export type Command = 'start' | 'pause' | 'retry' | 'adopt';

export interface WrittenElsewhere {
  readonly collection: string;
  readonly ids: readonly string[];
  /** The latest time stamped there: after it a clock that is set back must not stamp again. */
  readonly clockMs: number;
}

/** Replication at work: one connection, and the sync of every collection over it. */
export interface Engine {
  readonly snapshot: Snapshot;
  readonly rooms: Rooms;
  command(command: Command): void;
  confirm(question: Question): Promise<Confirmation>;
  /** Another tab has written these documents. Resolves when they count as pending. */
  noteWritten(written: WrittenElsewhere): Promise<void>;
  /** The bytes of an attachment that are not here. See Downloads. */
  fetch(ref: AttachmentRef, options: FetchOptions): Promise<Blob>;
  readonly transfers: readonly TransferState[];
  cancelTransfer(key: number): void;
  stop(): Promise<void>;
}

/** The time of the last sync is stored this often at most, in milliseconds. */
const KEEP_SYNC_TIME_MS = 10_000;

/** @throws Error when the device's storage cannot be read. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { database, inbox, scheduler, onChange } = options;
  const batchUp = createBatchUp({
    members: () => collections.map(({ member }) => member),
    readJournal: (batch) => readJournal(database, batch),
    refuseJournal: (batch, what) => refuseJournal(database, batch, what),
    removeJournal: (batch) => removeJournal(database, batch),
  });
  const bytesByCollection = new Map(options.collections.map((each) => [each.name, attachmentBytesOf(each)]));
  const blobs = createBlobs({
    bytesOf: (name) => bytesByCollection.get(name),
    hash: async (data) => database.hashFunction(data),
    scheduler,
    onTransfers: options.onTransfers,
    onError: reportError,
  });
  const rooms = createLinkRooms();
  const record = await openDatabaseRecord(database, () => randomToken(12));
  // An earlier run may have ended while documents went back.
  await inbox.conclude(inbox.records);
  await inbox.sweep(scheduler.now());
  let collections: readonly CollectionSync[] = [];
  let status = statusOf(initialState(scheduler.now()));
  let isAdopting = false;
  let latencyMs: number | undefined;
  let { lastSyncedAt } = record.value;

  const connection = createConnection({
    url: options.url,
    replica: record.value.replica,
    token: options.token,
    webSocket: options.webSocket,
    backoff: options.backoff,
    breaker: options.breaker,
    scheduler,
    random: options.random,
    halt: record.value.halt ?? undefined,
    onLatency(measuredMs) {
      latencyMs = measuredMs;
      noteSync();
      onChange();
    },
    onState,
    onSession: (session) => void run(session),
    onRows: receive,
    onBlobs: blobs.receive,
    onRoom: rooms.receive,
  });
  blobs.noteState(status.state);
  collections = await Promise.all(options.collections.map((collection) => openCollection(collection, record)));
  for (const collection of collections) collection.scan().catch((error: unknown) => reportStorage(error, collection));
  const stopWatching = watchJournals(database, noteWrittenBatches);
  // Also those that were stored when the app ended before it had removed their journals.
  noteWrittenBatches(await listJournals(database));
  const stopHints = listenForHints(() => connection.dispatch({ type: 'hint' }));
  if (!options.isPaused) connection.dispatch({ type: 'start' });

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
      onChange: onSyncChange,
      refusedBefore: inbox.records.filter((record) => record.collection === collection.name),
      inbox,
      onError: reportError,
      onPushAcknowledged: () => connection.dispatch({ type: 'sync-succeeded' }),
      onBatches: batchUp.note,
      onWork: batchUp.wake,
    });
    // A collection that is closed or removed leaves; the others go on.
    collection.onClose.push(async () => {
      collections = collections.filter((each) => each !== sync);
      await sync.stop();
      onSyncChange();
    });
    return sync;
  }

  /** Also of batches that changed nothing: nobody else would ever forget them. */
  function noteWrittenBatches(journals: readonly Journal[]): void {
    const names = new Set(collections.map(({ name }) => name));
    const isHere = ({ state, entries }: Journal) =>
      state === 'written' && entries.every(({ collection }) => names.has(collection));
    batchUp.note(journals.filter(isHere).map(({ batch }) => batch));
  }

  async function run(session: Session): Promise<void> {
    try {
      await Promise.all(collections.map((collection) => collection.scan()));
      if (!(await prepare(session))) return;
      blobs.begin(session);
      rooms.begin(session);
      await Promise.all([batchUp.run(session), ...collections.map((collection) => collection.run(session))]);
    } catch (error) {
      endSession(session, error);
    }
  }

  /** False: the session must not be used. */
  async function prepare(session: Session): Promise<boolean> {
    const hasPending = unsentDocuments() > 0 && !isAdopting;
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

  /** With changes that the server does not have, refused ones included. */
  function unsentDocuments(): number {
    return countPending().rows + inbox.records.length;
  }

  function countPending(): Pending {
    const rows = collections.reduce((sum, { pendingRows }) => sum + pendingRows, 0);
    const bytes = collections.reduce((sum, { pendingBytes }) => sum + pendingBytes, 0);
    return { rows, bytes };
  }

  function endSession(session: Session, error: unknown): void {
    if (session.signal.aborted || error instanceof LinkLostError) return;
    const cause = describeError(error);
    reportError({ code: 'sync-failed', message: cause, cause: error });
    connection.dispatch(error instanceof ClockJumpError ? { type: 'lost', cause } : { type: 'sync-failed', cause });
  }

  function receive(session: Session, rows: Rows): void {
    for (const group of rows.groups) {
      const collection = collections.find(({ name }) => name === group.collection);
      collection?.receive(session, group).catch((error: unknown) => endSession(session, error));
    }
  }

  function onState(state: ConnectionState): void {
    const next = statusOf(state);
    if (JSON.stringify(next) !== JSON.stringify(status)) status = next;
    if (state.name !== 'live') latencyMs = undefined;
    blobs.noteState(status.state);
    keepHalt(state);
    onChange();
  }

  /** A reload must not close an open breaker. While it is probed it counts as open, until the link has lasted. */
  function keepHalt(state: ConnectionState): void {
    const halt = state.name === 'halted' ? { probeAt: state.probeAt, cause: state.cause } : null;
    const isLasting = state.name === 'live' && state.lastsAt === undefined;
    if (halt === null && (!isLasting || !record.value.halt)) return;
    if (halt?.probeAt === record.value.halt?.probeAt) return;
    record.set({ halt }).catch((error: unknown) => reportStorage(error));
  }

  function noteSync(): void {
    if (!isInSync()) return;
    lastSyncedAt = scheduler.now();
    if (lastSyncedAt - (record.value.lastSyncedAt ?? 0) < KEEP_SYNC_TIME_MS) return;
    record.set({ lastSyncedAt }).catch((error: unknown) => reportStorage(error));
  }

  function onSyncChange(): void {
    if (isInSync()) connection.dispatch({ type: 'sync-succeeded' });
    noteSync();
    onChange();
  }

  function isInSync(): boolean {
    return status.state === 'live' && collections.every((each) => each.isInSync);
  }

  function reportError(error: Omit<SyncError, 'at'>): void {
    options.onError({ ...error, at: scheduler.now() });
  }

  function reportStorage(error: unknown, collection?: CollectionSync): void {
    const named = collection === undefined ? {} : { collection: collection.name };
    reportError({ code: 'storage-failed', message: describeError(error), ...named, cause: error });
  }

  function named(name: string): CollectionSync {
    const collection = collections.find((each) => each.name === name);
    if (collection === undefined) throw new Error(`the collection '${name}' is not replicated`);
    return collection;
  }

  return {
    get snapshot() {
      return {
        status,
        breaker: breakerStatusOf(connection.state, options.breaker),
        pending: countPending(),
        isPulled: collections.every((each) => each.isPulled),
        isInSync: isInSync(),
        isScanned: collections.every((each) => each.isScanned),
        clockOffsetMs: record.value.clockOffsetMs,
        lastSyncedAt,
        latencyMs,
      };
    },
    rooms,
    command(command) {
      if (command === 'adopt') isAdopting = true;
      connection.dispatch({ type: command === 'adopt' ? 'retry' : command });
    },
    confirm: async (question) => named(question.collection).confirm(question),
    async noteWritten({ collection, ids, clockMs }) {
      await collections.find((each) => each.name === collection)?.noteWritten(ids, clockMs);
    },
    fetch: blobs.fetch,
    get transfers() {
      return blobs.transfers;
    },
    cancelTransfer: blobs.cancelTransfer,
    async stop() {
      await blobs.stop();
      stopHints();
      stopWatching();
      connection.dispatch({ type: 'stop' });
      if (lastSyncedAt !== undefined)
        await record.set({ lastSyncedAt }).catch((error: unknown) => reportStorage(error));
      await Promise.all(collections.map((collection) => collection.stop()));
    },
  };
}
