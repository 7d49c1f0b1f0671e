import { decodeState } from '@breakwater/crdt';
import type { Got, NewRowGroup, Page, Row } from '@breakwater/protocol';
import { getHeightOfRevision, type RxCollection } from 'rxdb';
import type { Subscription } from 'rxjs';
import { RequestError } from '../connection/errors.ts';
import type { Session } from '../connection/session.ts';
import { describeError } from '../describe-error.ts';
import type { Scheduler } from '../scheduler.ts';
import type { SyncError } from '../status.ts';
import type { LocalRow, RemoteRow } from '../storage/document-row.ts';
import type { AcknowledgedRow, KeepRefused, LocalRows, PendingChange } from '../storage/local-rows.ts';
import type { RefusedValues } from '../storage/set-back.ts';
import type { BatchMember } from './batch-up.ts';
import { type Confirmation, createRefusals, isStored, type Question } from './confirmation.ts';
import { createDown, type News, REVOKED, type Refusal } from './down.ts';
import type { Inbox, RefusedRecord } from './inbox.ts';
import { createPendingRows } from './pending-rows.ts';
import type { CollectionRecord, RecordKeeper } from './record.ts';
import { createSignal } from './signal.ts';
import { createSweep, PURGED, type Sweep } from './sweep.ts';
import { createUp, PUSHES_AT_ONCE, type RefusedPush } from './up.ts';

export interface CollectionSyncOptions {
  readonly collection: RxCollection;
  readonly rows: LocalRows;
  readonly record: RecordKeeper<CollectionRecord>;
  readonly scheduler: Scheduler;
  readonly onChange: () => void;
  /** What earlier runs of the app were refused. */
  readonly refusedBefore: readonly RefusedRecord[];
  /** For what the user had written in documents that go back to what the server holds. */
  readonly inbox: Pick<Inbox, 'keep' | 'forget' | 'conclude'>;
  readonly onError: (error: Omit<SyncError, 'at'>) => void;
  readonly onPushAcknowledged: () => void;
  /** These batches have pending rows here. */
  readonly onBatches: (batches: readonly string[]) => void;
  /** Something may go on that had to wait. */
  readonly onWork: () => void;
}

/** Replication of one collection, over one session after another. */
export interface CollectionSync {
  readonly name: string;
  readonly pendingRows: number;
  readonly pendingBytes: number;
  /** Was everything that the server had ever here? */
  readonly isPulled: boolean;
  /** Is everything that the server had stored here, in the session that is live? */
  readonly isCaughtUp: boolean;
  /** Caught up, and nothing is left to push that the server would take. */
  readonly isInSync: boolean;
  readonly isScanned: boolean;
  /** For the batches that have documents here. */
  readonly member: BatchMember;
  /** Looks for what was left pending by earlier runs of the app. */
  scan(): Promise<void>;
  /** Pulls, then follows; pushes whatever is pending. Throws what must end the session. */
  run(session: Session): Promise<void>;
  /** News that the server sent by itself. */
  receive(session: Session, group: NewRowGroup): Promise<void>;
  confirm(question: Question): Promise<Confirmation>;
  /** Another tab has written these: they count as pending from now on, whether its storage's news have come or not. */
  noteWritten(ids: readonly string[], clockMs: number): Promise<void>;
  /** Milliseconds to add to the device's time when local writes are stamped. */
  correctClock(offsetMs: number): void;
  stop(): Promise<void>;
}

/** Rows asked for at once: a page must be stored without a task that the user notices. */
const PAGE_ROWS = 250;
/** The checkpoint may be this old when the app ends: some rows are then pulled, or pushed, a second time. */
const SAVE_AFTER_MS = 500;
/** Acks written into documents in one go: no task that the user notices. */
const ACKS_AT_ONCE = 250;
/**
 * Distance of the saved "all clean up to here" from the newest write, in RxDB's milliseconds: another tab's write may
 * reach the storage later than its time says.
 */
const CLEAN_MARGIN_MS = 60_000;

export function createCollectionSync(options: CollectionSyncOptions): CollectionSync {
  const { collection, rows, record, scheduler, onChange, onError } = options;
  const pending = createPendingRows();
  const refusals = createRefusals(options.refusedBefore);
  const work = createSignal();
  /** Everything that a server had lost is there again; or the session is over. */
  const resent = createSignal();
  /** The session whose stream is followed: its last page has come. */
  let followed: Session | undefined;
  /** The session whose server has answered a pull: it would have said if rows here had been purged. */
  let answered: Session | undefined;
  /** The session in which everything up to that page is stored, too. */
  let caughtUp: Session | undefined;
  /** A session whose server does not have the collection: what is pending waits for the next one. */
  let unknownTo: Session | undefined;
  let scanning: Promise<void> | undefined;
  let scanCount = 0;
  let isScanned = false;
  let stopped = false;
  let isPulled = record.value.isPulled;
  let checkpoint = record.value.checkpoint;
  let cancelSave: (() => void) | undefined;

  const down = createDown({
    merge: mergeRows,
    fetchRow: (session, id) => session.request({ type: 'get', collection: collection.name, id }, ({ row }: Got) => row),
    acknowledge,
    onUnreadable: (id, cause) =>
      onError({
        code: 'row-unreadable',
        message: `the row '${id}' cannot be read (${describeError(cause)}); it is left out`,
        collection: collection.name,
        cause,
      }),
    restamp: rows.restamp,
    acknowledgeRevoked: (given) =>
      keeping(
        (keep) => rows.acknowledgeRevoked(given, keep, { isAnotherLife: record.value.resend }),
        () => REVOKED,
      ),
    setBack,
    onPending: updatePending,
    onCheckpoint(next) {
      checkpoint = next;
      saveSoon();
    },
  });

  const up = createUp({
    collection: collection.name,
    rows,
    pending,
    onRefused: takeBack,
    async onAhead(session, late) {
      const { restamped } = await down.apply(session, { rows: [], acknowledged: [], late, checkpoint: 0 });
      return restamped.includes(late.id);
    },
    async onAcknowledged(session, stored, next) {
      options.onPushAcknowledged();
      await down.apply(session, { rows: [], ...stored, checkpoint: followed === session ? next : 0 });
    },
  });

  const subscription: Subscription = rows.localChanges$.subscribe(updatePending);

  function updatePending(changes: Parameters<typeof pending.update>[0]): void {
    pending.update(changes);
    // Also what a merge or an ack left pending, or to be pushed as a whole: nobody else may know of it yet.
    if (changes.some(({ id }) => pending.has(id))) work.fire();
    const batches = changes.flatMap((change) => (change.bytes > 0 ? (change.batches ?? []) : []));
    if (batches.length > 0) options.onBatches([...new Set(batches)]);
    saveSoon();
    onChange();
  }

  /** The rows go back to what the server holds now; asked for on the stream, so that its news keep their order. */
  async function takeBack(session: Session, refused: readonly RefusedPush[]): Promise<void> {
    const isUnknown = refused.some(({ code }) => code === 'unknown-collection');
    if (isUnknown) leaveAlone(session);
    else await takeRowsBack(session, refused);
  }

  async function takeRowsBack(session: Session, refused: readonly RefusedPush[]): Promise<void> {
    await Promise.all(refused.map((each) => takeRowBack(session, each)));
  }

  async function takeRowBack(session: Session, { row: pushed, code, reason, batch }: RefusedPush): Promise<void> {
    const { id } = pushed;
    if (code === 'unknown-collection') {
      // A server that had the collection once may have it again: what goes now has to come anew then.
      if (pushed.seq !== undefined) {
        checkpoint = 0;
        await save();
      }
      const refused = [{ id, server: undefined, pushed, code, reason, batch }];
      await down.apply(session, { rows: [], acknowledged: [], refused, checkpoint: 0 });
      return;
    }
    const { stored } = await session.request({ type: 'get', collection: collection.name, id }, ({ row }: Got) => {
      // With nothing pending it is all of the row that is refused.
      const isWhole = pending.isWholeRequired(id) && pushed.pending.size > 0;
      const refused = [{ id, server: row && toRemoteRow(row), pushed, isWhole, code, reason, batch }];
      return { stored: down.apply(session, { rows: [], acknowledged: [], refused, checkpoint: 0 }) };
    });
    await stored;
  }

  function setBack(refused: readonly Refusal[]): Promise<PendingChange[]> {
    const refusalById = new Map(refused.map((each) => [each.id, each]));
    return keeping(
      (keep) => rows.replace(refused, keep),
      ({ id }) => refusalById.get(id) ?? PURGED,
    );
  }

  function mergeRows(remote: readonly RemoteRow[], onLacking: (id: string) => void): Promise<PendingChange[]> {
    if (record.value.resend) return rows.mergeRows(remote, undefined, onLacking);
    // What the server lacks although it once had it, and was not set back, was purged: the row that it has is another one.
    return keeping(
      (keep) => rows.mergeRows(remote, keep, onLacking),
      () => PURGED,
    );
  }

  /** What documents lose by going back is in the inbox before, and shows there afterwards. */
  async function keeping(
    goBack: (keep: KeepRefused) => Promise<PendingChange[]>,
    why: (values: RefusedValues) => Pick<Refusal, 'code' | 'reason' | 'batch'>,
  ): Promise<PendingChange[]> {
    const keptById = new Map<string, RefusedRecord>();
    const changes = await goBack(async (lost, ids) => {
      const records = lost.map((values): RefusedRecord => {
        const { code, reason, batch } = why(values);
        return { ...values, collection: collection.name, code, reason, batch, at: scheduler.now() };
      });
      await options.inbox.forget(ids.flatMap((id) => keptById.get(id) ?? []));
      for (const id of ids) keptById.delete(id);
      await options.inbox.keep(records);
      for (const each of records) keptById.set(each.id, each);
      refusals.add(records);
    });
    if (keptById.size > 0) await options.inbox.conclude([...keptById.values()]);
    return changes;
  }

  async function acknowledge(acknowledged: readonly AcknowledgedRow[]): Promise<PendingChange[]> {
    const isAnotherLife = record.value.resend;
    const mayWait = rows.lateAcks.isAllowed && !isAnotherLife;
    const isPlain = ({ id, pushed }: AcknowledgedRow) =>
      mayWait && pushed.batches.size === 0 && !pending.hasLater(id, getHeightOfRevision(pushed.document._rev));
    const { plain = [], other = [] } = Object.groupBy(acknowledged, (row) => (isPlain(row) ? 'plain' : 'other'));
    const changes = rows.acknowledgeSoon(plain);
    return other.length === 0 ? changes : [...changes, ...(await rows.acknowledge(other, { isAnotherLife }))];
  }

  function leaveAlone(session: Session): void {
    unknownTo = session;
    answered = session;
    // There is nothing to be had for this collection: whoever waits for the others must not wait for it.
    caughtUp = session;
    work.fire();
    onChange();
  }

  function isCaughtUp(): boolean {
    return caughtUp !== undefined && !caughtUp.signal.aborted;
  }

  function scan(): Promise<void> {
    scanning ??= scanOnce(++scanCount).catch((error: unknown) => {
      scanning = undefined;
      throw error;
    });
    return scanning;
  }

  /** A scan that was overtaken by a newer one ends without a word. */
  async function scanOnce(count: number): Promise<void> {
    const { cleanLwt, resend } = record.value;
    for await (const changes of rows.scan(cleanLwt, resend)) {
      if (count !== scanCount) return;
      if (resend) for (const { id } of changes) pending.requireWhole(id);
      updatePending(changes.filter(({ bytes }) => bytes > 0));
    }
    if (count !== scanCount) return;
    isScanned = true;
    if (rows.lateAcks.count > 0) saveSoon();
    work.fire();
    onChange();
  }

  function saveSoon(delayMs = SAVE_AFTER_MS): void {
    if (stopped) return;
    cancelSave ??= scheduler.after(delayMs, () => void save().catch(reportStorage));
  }

  async function save(): Promise<void> {
    cancelSave?.();
    cancelSave = undefined;
    await writeAcks();
    const isClean = isScanned && pending.rows === 0 && rows.lateAcks.count === 0;
    const { value } = record;
    const { settledLwt } = rows;
    const cleanLwt = settledLwt === 0 ? value.cleanLwt : Math.max(0, settledLwt - CLEAN_MARGIN_MS);
    const clean = isClean ? { cleanLwt, resend: false } : {};
    const clockMs = rows.clock.highWaterMs();
    const isClockBack = clockMs < value.clockMs;
    const change = { epoch: value.epoch, checkpoint, isPulled, ...clean };
    const isNew = isClockBack || Object.entries(change).some(([key, now]) => value[key as keyof typeof value] !== now);
    if (!isNew) return;
    const saved = record.set({ ...change, clockMs });
    if (value.resend && isClean) resent.fire();
    await saved;
  }

  async function writeAcks(): Promise<void> {
    const { lateAcks } = rows;
    if (lateAcks.count === 0) return;
    await lateAcks.write(stopped ? Number.POSITIVE_INFINITY : ACKS_AT_ONCE);
    if (lateAcks.count > 0) saveSoon(0);
  }

  function reportStorage(error: unknown): void {
    onError({ code: 'storage-failed', message: describeError(error), collection: collection.name, cause: error });
  }

  async function pull(session: Session): Promise<void> {
    // Rows that came before a crash, which the checkpoint did not survive: some of them may have been purged since.
    const mayBeLeftBehind = checkpoint === 0 && !record.value.resend && record.value.sweep === false;
    const isLeftBehind = mayBeLeftBehind && (await isAnyKnown());
    // Looked at by a session that is lost by now, it is no concern of the next one, which has looked itself.
    if (session.signal.aborted) return;
    if (isLeftBehind) await record.set({ sweep: 'purged' });
    const sweep = record.value.sweep === false ? undefined : createSweep(record.value.sweep);
    // Which rows an interrupted one has brought is not known any more.
    if (sweep !== undefined) checkpoint = 0;
    let page = await pullPage(session, checkpoint, sweep);
    while (!page.last) {
      // One page is asked for while the one before is being stored, and no more.
      const next = await pullPage(session, page.checkpoint, sweep);
      await page.applied;
      page = next;
    }
    await page.applied;
    if (sweep !== undefined) await removeRest(session, sweep, page.checkpoint);
    if (session.signal.aborted) return;
    if (!owesLabels(session)) caughtUp = session;
    isPulled = true;
    saveSoon();
    onChange();
  }

  async function isAnyKnown(): Promise<boolean> {
    for await (const batch of rows.all()) if (batch.some(({ seq }) => seq !== undefined)) return true;
    return false;
  }

  async function removeRest(session: Session, sweep: Sweep, upTo: number): Promise<void> {
    for await (const refused of sweep.rest(rows, upTo)) {
      await down.apply(session, { rows: [], acknowledged: [], refused, checkpoint: 0 });
      if (session.signal.aborted) return;
    }
    await record.set({ sweep: false });
    work.fire();
    options.onWork();
  }

  function pullPage(session: Session, from: number, sweep: Sweep | undefined) {
    const request = { type: 'pull', collection: collection.name, checkpoint: from, maxRows: PAGE_ROWS } as const;
    return session.request(request, ({ group, last }: Page) => {
      if (answered !== session) letPush(session);
      if (last) followed = session;
      sweep?.note(group.rows);
      const applied = down.apply(session, newsOf(group));
      // Awaited one page later; until then a failure must not count as unhandled.
      applied.catch(() => {});
      return { applied, last, checkpoint: group.checkpoint };
    });
  }

  function onPushOver(): void {
    // A batch waits for rows that are on their way already.
    options.onWork();
    // Rows that another tab has seen to are pending no more without an ack.
    onChange();
  }

  function letPush(session: Session): void {
    answered = session;
    work.fire();
    options.onWork();
  }

  function mayPush(session: Session): boolean {
    return answered === session && unknownTo !== session && record.value.sweep === false;
  }

  async function pullOrStartOver(session: Session): Promise<void> {
    try {
      await pull(session);
    } catch (error) {
      const code = error instanceof RequestError ? error.code : undefined;
      if (code === 'checkpoint-ahead') {
        await startOver(session.connected.epoch);
        return pull(session);
      }
      if (code === 'checkpoint-purged') {
        await record.set({ checkpoint: 0, sweep: 'purged' });
        return pull(session);
      }
      if (code !== 'unknown-collection') throw error;
      onError({ code, message: describeError(error), collection: collection.name });
      leaveAlone(session);
    }
  }

  /** What is heard of another tab's write may come after its ack, and say that the row is still a part of its batch. */
  async function readBatched(ids: readonly string[]): Promise<LocalRow[]> {
    const found = await rows.read(ids);
    const late = found.filter(({ id, batches }) => batches.size === 0 && pending.isBatched(id));
    if (late.length > 0) updatePending(await rows.pendingOf(late.map(({ id }) => id)));
    return found;
  }

  async function push(session: Session): Promise<void> {
    await scan();
    try {
      while (!session.signal.aborted && !stopped) {
        const idle = work.next();
        if (!mayPush(session) || !(await up.pushOnce(session))) await idle;
        else onPushOver();
      }
    } finally {
      // What this session had taken is free again only now: the next one may have found nothing to push, and waits.
      work.fire();
      options.onWork();
    }
  }

  /** The server's store has another life: pull from 0, push every row as a whole. */
  async function startOver(epoch: string): Promise<void> {
    checkpoint = 0;
    // From here on nothing counts as clean until the new scan is over.
    scanning = undefined;
    scanCount++;
    isScanned = false;
    // What a sweep had begun to find out is found out when all is sent again.
    const labels = record.value.sweep === 'revoked' ? '' : record.value.labels;
    await record.set({ epoch, checkpoint: 0, resend: true, sweep: false, labels });
    await scan();
  }

  async function enterEpoch({ connected: { epoch } }: Session): Promise<void> {
    if (record.value.epoch === '') await record.set({ epoch });
    else if (record.value.epoch !== epoch) await startOver(epoch);
  }

  /**
   * A checkpoint says nothing of rows that could not be read on the way to it, and a row does not say by which label it was
   * read. So who reads by others pulls from 0; what that does not bring may not be read any more.
   */
  async function enterLabels(session: Session): Promise<void> {
    if (session.signal.aborted || !owesLabels(session)) return;
    // While a server that lost rows gets them again, nobody knows of a row why it does not come. What comes now is of both.
    if (record.value.resend) return record.set({ labels: '' });
    const isFirst = checkpoint === 0;
    checkpoint = 0;
    const labels = labelsText(session.connected.labels);
    await record.set({ labels, checkpoint: 0, ...(isFirst ? {} : { sweep: 'revoked' }) });
  }

  function owesLabels({ connected }: Session): boolean {
    return record.value.labels !== labelsText(connected.labels);
  }

  async function pullAll(session: Session): Promise<void> {
    await pullOrStartOver(session);
    while (owesLabels(session) && unknownTo !== session) {
      if (record.value.resend) await resent.next();
      if (session.signal.aborted || stopped) return;
      await enterLabels(session);
      await pullOrStartOver(session);
    }
  }

  return {
    name: collection.name,
    get pendingRows() {
      return pending.rows;
    },
    get pendingBytes() {
      return pending.bytes;
    },
    get isPulled() {
      return isPulled;
    },
    get isCaughtUp() {
      return isCaughtUp();
    },
    get isScanned() {
      return isScanned;
    },
    get isInSync() {
      return isCaughtUp() && isScanned && (pending.rows === 0 || unknownTo === caughtUp);
    },
    member: {
      name: collection.name,
      // A batch goes even if the server does not know the collection: it is refused as a whole, then.
      mayPush: (session) => answered === session && record.value.sweep === false,
      batchedIds: pending.batchedIds,
      takeAll: pending.takeAll,
      release(ids) {
        pending.release(ids);
        // What was written meanwhile stands alone, and could not be taken until now.
        work.fire();
      },
      read: readBatched,
      draft: up.draftBatch,
      hear: up.hear,
      heed: up.heed,
      takeBack: takeRowsBack,
    },
    scan,
    async run(session) {
      session.signal.addEventListener('abort', work.fire, { once: true });
      session.signal.addEventListener('abort', resent.fire, { once: true });
      await enterEpoch(session);
      await enterLabels(session);
      if (session.signal.aborted || stopped) return;
      const pushes = Array.from({ length: PUSHES_AT_ONCE }, () => push(session));
      await Promise.all([pullAll(session), ...pushes]);
    },
    async receive(session, group) {
      await down.apply(session, newsOf(group));
    },
    async confirm(question) {
      const { id } = question;
      if (refusals.has(question)) return 'refused';
      if (!isScanned || pending.isWholeRequired(id)) return 'pending';
      const [now] = await rows.read([id]);
      // Asked again: while it was read, the row may have gone back.
      if (refusals.has(question)) return 'refused';
      return isStored(question, now) ? 'stored' : 'pending';
    },
    async noteWritten(ids, clockMs) {
      rows.clock.startAfter(clockMs);
      updatePending(await rows.pendingOf(ids));
    },
    correctClock(offsetMs) {
      rows.clock.correct(offsetMs);
      saveSoon();
    },
    async stop() {
      stopped = true;
      subscription.unsubscribe();
      work.fire();
      resent.fire();
      await save().catch(reportStorage);
    },
  };
}

function toRemoteRow({ id, seq, bytes }: Row): RemoteRow {
  return { id, seq, state: decodeState(bytes) };
}

function newsOf({ rows, revoked, checkpoint }: NewRowGroup): News {
  return { rows, revoked, acknowledged: [], checkpoint };
}

/** Two sessions with the same text may read the same. */
function labelsText(labels: readonly string[]): string {
  return JSON.stringify([...new Set(labels)].sort());
}
