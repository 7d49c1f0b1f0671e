import {
  type Clock,
  type ClockOptions,
  type Collections,
  createClock,
  type DocumentPlan,
  type MergeKinds,
  planDocument,
  sameValue,
  ValueError,
} from '@breakwater/crdt';
import type { BulkWriteRow, RxCollection, RxStorage, RxStorageWriteError } from 'rxdb';
import { filter, type Observable, Subject } from 'rxjs';
import { StorageFullError } from '../errors.ts';
import { untilWritten } from './batches-under-way.ts';
import { type Capture, captureWrite } from './capture.ts';
import type { ContentAuthor } from './capture-contents.ts';
import { ACK_CONTEXT, batchOf, isOwnContext, MIGRATION_CONTEXT } from './contexts.ts';
import { idOf } from './document-row.ts';
import { guardAttachments } from './guard-attachments.ts';
import type { Instance } from './instance.ts';
import { keepTombstones } from './keep-tombstones.ts';
import { createLwtClock, type LwtClock, newestLwt } from './lwt-clock.ts';
import { createMetaCache, type MetaCache } from './meta-cache.ts';
import { migrateRow } from './migrated-row.ts';
import { createOpenVersions, type OpenVersions } from './open-versions.ts';
import { isStorageFull } from './quota.ts';
import { type RowMeta, rowMetaOf, type StoredDocument, setRowMeta } from './row-meta.ts';
import { withGivenBytes, withStandIns } from './stand-in.ts';
import { createTurns, type Turns } from './turns.ts';

type Fields = { [field: string]: unknown };
type WriteRow = BulkWriteRow<Fields>;
type BulkWrite = Instance['bulkWrite'];

/** A storage instance whose local writes are captured. */
export interface CapturedStorage {
  readonly instance: Instance;
  readonly plan: DocumentPlan;
  readonly clock: Clock;
  /** The device's time as it is, in milliseconds since 1970: the same in every tab, whatever the server's is. */
  readonly now: () => number;
  readonly lwt: LwtClock;
  /** In whose name it writes; changes with a purge, and with setReplica. */
  readonly author: Readonly<ContentAuthor>;
  /** What acks made of the metas of documents that RxDB still shows with the old ones. */
  readonly acknowledged: MetaCache;
  /** The ids of those that the storage does not know of yet. They outlive the replication that heard of them. */
  readonly unwrittenAcks: Set<string>;
  /** The ids of documents that a user has written in this tab, once they are stored. */
  readonly written$: Observable<readonly string[]>;
  /** A name for a batch that no other batch has. */
  newBatch(): string;
  /** Says on written$ that these were written past the capture. */
  announce(ids: readonly string[]): void;
  /** Names this database among those that count, from now on, unless withBreakwater was given a name. */
  setReplica(replica: string): void;
  /** What is stored of an attachment's bytes, stand-ins included. */
  readonly readAttachment: Instance['getAttachmentData'];
  /** A user has written bytes of an attachment in this tab. */
  readonly attached$: Observable<void>;
  /** The device had no room for a write of this tab. */
  readonly full$: Observable<StorageFullError>;
  /** For writes under an unchanged revision: the storage cannot tell when one overtakes the other. */
  readonly inTurn: Turns;
  /** Writes below the capture and below a validator, which must not stop a row that is merged or from a newer app. */
  readonly bulkWrite: BulkWrite;
}

export interface BreakwaterStorageOptions {
  /**
   * The collections that are to be captured: what defineCollections answered, or their names if every field of theirs is
   * a register. Default: every collection of the app, with registers only.
   */
  readonly collections?: readonly string[] | Collections;
  /**
   * Names this database among those that count: each has a number of its own in every counter, and the counter is the
   * sum. Default: the lasting name that createDatabase gives; without it a random one for each open storage instance. A
   * name given here must last, and no other database may ever have it.
   */
  readonly replica?: string;
  /** Milliseconds since 1970; default: Date.now. */
  readonly now?: () => number;
  /** A random number in [0, 1) for node ids and names; default: from crypto.getRandomValues. For tests. */
  readonly random?: () => number;
}

const capturedByInstance = new WeakMap<object, CapturedStorage>();

/** The captured storage behind a collection's storage instance, or undefined when it was never wrapped. */
export function capturedStorageOf(instance: object): CapturedStorage | undefined {
  return capturedByInstance.get(instance);
}

/** @throws Error when the collection's storage was not wrapped. */
export function requireCaptured(collection: RxCollection): CapturedStorage {
  const captured = capturedStorageOf(collection.storageInstance.originalStorageInstance);
  if (captured) return captured;
  throw new Error(
    `${collection.name}: local writes are not captured; create the database with withBreakwater(storage)`,
  );
}

/**
 * The storage, with every local write stamped on its way in. It is the one place where local writes are captured: every
 * path of RxDB's API ends in bulkWrite. Wrap the storage that you hand to RxDB, validators included.
 */
export function withBreakwater<Internals, Options>(
  storage: RxStorage<Internals, Options>,
  { collections, replica, now = Date.now, random }: BreakwaterStorageOptions = {},
): RxStorage<Internals, Options> {
  const kindsOf = (name: string) => kindsIn(collections, name);
  const openVersions = createOpenVersions();
  return {
    ...storage,
    // RxDB's dev-mode looks for the word 'validate-' at its beginning.
    name: storage.name,
    rxdbVersion: storage.rxdbVersion,
    async createStorageInstance<D>(params: Parameters<typeof storage.createStorageInstance<D>>[0]) {
      const instance = await storage.createStorageInstance<D>(params);
      const kinds = kindsOf(params.collectionName);
      if (kinds === undefined) return instance;
      // Wrapping twice must not stamp twice.
      const captured = capturedByInstance.get(instance);
      if (captured) requireKinds(params.collectionName, captured.plan, kinds);
      else {
        await capture(instance as unknown as Instance, {
          name: params.collectionName,
          kinds,
          replica,
          now,
          openVersions,
          databaseInstanceToken: params.databaseInstanceToken,
          ...(random === undefined ? {} : { random }),
        });
      }
      return instance;
    },
  };
}

/** How the fields of a collection merge; undefined: it is not captured. */
function kindsIn(collections: BreakwaterStorageOptions['collections'], name: string): MergeKinds | undefined {
  if (collections === undefined) return isAppCollection(name) ? {} : undefined;
  if (isNames(collections)) return collections.includes(name) ? {} : undefined;
  const definition = collections[name];
  return definition && (definition.merge ?? {});
}

function isNames(collections: readonly string[] | Collections): collections is readonly string[] {
  return Array.isArray(collections);
}

/** @throws Error when a storage that was wrapped before would capture text as a register. */
function requireKinds(name: string, { kinds }: DocumentPlan, wanted: MergeKinds): void {
  if (sameValue(Object.fromEntries(kinds), { ...wanted })) return;
  throw new Error(
    `${name}: the storage was wrapped without the collection's merge kinds; use withBreakwater(storage, { collections }) with what defineCollections answered`,
  );
}

/** 64 bits. Not by randomUUID, which pages without TLS do not have. */
function randomName(random: () => number): string {
  return [randomWord(random), randomWord(random)].map((word) => word.toString(16).padStart(8, '0')).join('');
}

/** 32 bits, as Yjs makes its client ids. */
function randomWord(random: () => number): number {
  return Math.floor(random() * 2 ** 32);
}

function secureRandom(): number {
  const [word = 0] = crypto.getRandomValues(new Uint32Array(1));
  return word / 2 ** 32;
}

/** Not RxDB's own stores: `_rxdb_internal`, `plugin-…`, `rx-replication-meta-…`. */
function isAppCollection(name: string): boolean {
  return /^[a-z]/.test(name) && !name.startsWith('plugin-') && !name.startsWith('rx-');
}

interface CaptureOptions extends ClockOptions {
  readonly name: string;
  readonly databaseInstanceToken: string;
  readonly openVersions: OpenVersions;
  readonly kinds: MergeKinds;
  readonly replica: string | undefined;
  readonly now: () => number;
}

async function capture(instance: Instance, options: CaptureOptions): Promise<void> {
  const { name, kinds, replica, openVersions, databaseInstanceToken, ...time } = options;
  const { now, random = secureRandom } = time;
  const key = { databaseInstanceToken, collectionName: name };
  const plan = planDocument(instance.schema as Parameters<typeof planDocument>[0], kinds);
  const author = { collection: name, replica: replica ?? randomName(random), clientId: randomWord(random) };
  const clock = createClock(time);
  const lwt = createLwtClock(now, await newestLwt(instance, now));
  const acknowledged = createMetaCache(plan.primaryKey);
  const next: BulkWrite = instance.bulkWrite.bind(instance);
  const setReplica = (named: string) => {
    author.replica = replica ?? named;
  };
  const bareWrite = bareBulkWrite(instance);
  const bulkWrite: BulkWrite = (rows, context) => reportFull(bareWrite(rows.map(withStandIns), context));
  const readAttachment = guardAttachments(instance, () => openVersions.isSuperseded(key, instance));
  const written$ = new Subject<readonly string[]>();
  const attached$ = new Subject<void>();
  const full$ = new Subject<StorageFullError>();
  const findBefore = (rows: readonly WriteRow[]) => {
    const ids = rows.map(({ document }) => idOf(plan, document as StoredDocument));
    return openVersions.findBefore(key, instance, ids);
  };
  capturedByInstance.set(instance, {
    instance,
    plan,
    clock,
    now,
    lwt,
    author,
    acknowledged,
    unwrittenAcks: new Set(),
    written$,
    newBatch: () => randomName(random),
    announce: (ids) => written$.next(ids),
    setReplica,
    readAttachment,
    attached$,
    full$,
    inTurn: createTurns(),
    bulkWrite,
  });

  async function reportFull<T>(writing: Promise<T>): Promise<T> {
    try {
      return await writing;
    } catch (error) {
      if (!isStorageFull(error)) throw error;
      const full = new StorageFullError(error);
      full$.next(full);
      throw full;
    }
  }

  instance.bulkWrite = async (rows, context) => {
    if (isOwnContext(context)) return reportFull(next(rows.map(withStandIns), context));
    // Written on top of half a batch, it could not be told from the batch if that has to be undone.
    await untilWritten(databaseInstanceToken, batchesOf(rows));
    const now = lwt.next();
    const arrived = lwt.begin(now);
    try {
      const beforeById = context === MIGRATION_CONTEXT ? await findBefore(rows) : NONE;
      const { good, bad } = captureRows(rows, context, now, { plan, clock, author, acknowledged, beforeById });
      const complete = good.map(context === MIGRATION_CONTEXT ? withStandIns : withGivenBytes);
      const result = good.length > 0 ? await reportFull(next(complete, context)) : { error: [] };
      if (attached$.observed && context !== MIGRATION_CONTEXT && good.some(bringsBytes)) attached$.next();
      if (written$.observed) written$.next(writtenIds(good, result.error, plan.primaryKey));
      result.error.push(...bad);
      return result;
    } finally {
      arrived();
    }
  };
  hideAcks(instance, { lwt, acknowledged });
  openVersions.add(key, instance);
  keepTombstones(instance);
}

/**
 * The storage's own bulkWrite. Validators replace it on the instance, which leaves the class's method on the prototype;
 * an instance without a class (one that encrypts, say) has only the one.
 */
function bareBulkWrite(instance: Instance): BulkWrite {
  const prototype: Partial<Instance> | null = Object.getPrototypeOf(instance);
  return (prototype?.bulkWrite ?? instance.bulkWrite).bind(instance);
}

function batchesOf(rows: readonly WriteRow[]): string[] {
  return rows.flatMap(({ previous }) => (previous && rowMetaOf(previous as StoredDocument)?.batches) ?? []);
}

const NONE: ReadonlyMap<string, StoredDocument> = new Map();

interface CaptureParts extends Capture {
  readonly acknowledged: MetaCache;
  /** What a migration is made from. */
  readonly beforeById: ReadonlyMap<string, StoredDocument>;
}

function captureRows(rows: WriteRow[], context: string, now: number, capture: CaptureParts) {
  const good: WriteRow[] = [];
  const bad: RxStorageWriteError<Fields>[] = [];
  const captured = { ...capture, batch: batchOf(context) };
  for (const row of rows) {
    const document = row.document as StoredDocument;
    try {
      const previous = row.previous && capture.acknowledged.refresh(row.previous as StoredDocument);
      const migrated = context === MIGRATION_CONTEXT ? migrate(document, capture) : undefined;
      setRowMeta(document, migrated ?? captureWrite(captured, previous, document), now);
      good.push(row);
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      bad.push(valueError(error, row, capture.plan.primaryKey, context));
    }
  }
  return { good, bad };
}

function bringsBytes({ document }: WriteRow): boolean {
  return Object.values(document._attachments ?? {}).some((attachment) => 'data' in attachment);
}

function migrate(document: StoredDocument, { plan, beforeById }: CaptureParts): RowMeta | undefined {
  return migrateRow(plan, document, beforeById.get(idOf(plan, document)));
}

function writtenIds(
  rows: readonly WriteRow[],
  errors: readonly RxStorageWriteError<Fields>[],
  primaryKey: string,
): string[] {
  const failed = new Set(errors.map(({ documentId }) => documentId));
  return rows.map(({ document }) => String((document as Fields)[primaryKey])).filter((id) => !failed.has(id));
}

/** As validators report: the write of this row fails, the others go on. */
function valueError(error: ValueError, writeRow: WriteRow, primaryKey: string, context: string) {
  const document: Fields = writeRow.document;
  return {
    status: 422,
    isError: true,
    documentId: String(document[primaryKey]),
    validationErrors: [{ message: error.message }],
    writeRow,
    context,
  } as unknown as RxStorageWriteError<Fields>;
}

function hideAcks(instance: Instance, { lwt, acknowledged }: Pick<CapturedStorage, 'lwt' | 'acknowledged'>): void {
  const changeStream = instance.changeStream.bind(instance);
  // Another tab's writes must also move this tab's lwt, or a scan by lwt could pass over one of ours; and what another tab
  // was acknowledged, RxDB goes on showing here with the old meta.
  const subscription = changeStream().subscribe(({ events, context }) => {
    for (const { documentData } of events) {
      const document = documentData as StoredDocument;
      lwt.observe(document._meta.lwt);
      const meta = context === ACK_CONTEXT ? rowMetaOf(document) : undefined;
      if (meta !== undefined) acknowledged.remember(document, meta);
    }
  });
  instance.changeStream = (): ReturnType<Instance['changeStream']> => withoutAcks(changeStream());
  const close = instance.close.bind(instance);
  instance.close = () => {
    subscription.unsubscribe();
    return close();
  };
}

function withoutAcks<T extends { readonly context: string }>(changes$: Observable<T>): Observable<T> {
  return changes$.pipe(filter((bulk) => bulk.context !== ACK_CONTEXT));
}
