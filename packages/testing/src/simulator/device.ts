import type { Scheduler } from '@breakwater/client';
import { type RefusedWrite, rowMetaOf, type StoredDocument, toLocalRow } from '@breakwater/client/sync';
import type { State } from '@breakwater/crdt';
import type { ManualScheduler } from '../manual-scheduler.ts';
import type { Random } from '../random.ts';
import { type App, startApp } from './app.ts';
import type { Chronicle } from './chronicle.ts';
import { COLLECTIONS, type CollectionName, type Key, keyOf, plan, splitKey } from './definitions.ts';
import type { Link } from './link.ts';
import { createDisk, internalDocuments } from './model-database.ts';
import { idOf, type Written } from './model-storage.ts';
import { performBatch, performWrite, type Write } from './operations.ts';
import type { Seams } from './seams.ts';
import { TENANT } from './server.ts';
import { createTasks } from './tasks.ts';

export interface DeviceOptions {
  readonly name: string;
  readonly random: Random;
  readonly scheduler: ManualScheduler;
  readonly seams: Seams;
  readonly chronicle: Chronicle;
  readonly onFault: (fault: string) => void;
  /** A document has reached its disk. */
  readonly onWritten?: ((device: string, collection: CollectionName, written: Written) => void) | undefined;
}

/** What a user does with a refused write. */
export type InboxAction = 'retry' | 'edit' | 'discard';

/** A device with its disk, and the app on it that may crash and start again. */
export interface Device {
  readonly name: string;
  /** Steps of the app that wait for the storage. */
  readonly tasksWaiting: number;
  /** Neither running nor starting. */
  readonly isOff: boolean;
  readonly app: App | undefined;
  readonly rows: ReadonlyMap<Key, State>;
  /** Has it heard of this row from the server? */
  isKnown(key: Key): boolean;
  readonly pendingOnDisk: number;
  checkpointOf(collection: CollectionName): number;
  readonly journals: readonly string[];
  readonly refused: readonly RefusedWrite[];
  link: Link | undefined;
  /** What it reads by from its next link on. */
  labels: readonly string[];
  /** How far its clock is off, in milliseconds. */
  skewMs: number;
  start(): void;
  taskStep(): void;
  write(write: Write): void;
  /** False: the user is at another batch. */
  writeBatch(writes: readonly Write[]): boolean;
  /** False: the user is at another batch. */
  actOnInbox(write: RefusedWrite, action: InboxAction): boolean;
  /** The app is gone. What was being written is on the disk, or is not. */
  crash(isDone: () => boolean): void;
}

/** What a crashed app was doing never ends: of no other world may one have its token. */
let tokens = 0;

export function createDevice({ name, random, scheduler, seams, chronicle, onFault, onWritten }: DeviceOptions): Device {
  const disk = createDisk();
  const copies = random.chance(0.5);
  let tasks = createTasks();
  /** The documents as this run of the app last heard of them. */
  let seenByKey = new Map<Key, StoredDocument>();
  let app: App | undefined;
  let life = 0;
  let isOff = true;
  let isAtBatch = false;

  function clockOf(ownLife: number): Scheduler {
    return {
      now: () => scheduler.now() + device.skewMs,
      after: (delayMs, callback) => scheduler.after(delayMs, () => ownLife === life && callback()),
    };
  }

  /** The second look is at what is stored, as RxDB's is after a conflict. */
  function find(collection: CollectionName, id: string, attempt: number): StoredDocument | undefined {
    const stored = disk.documents[collection].get(id);
    return attempt === 0 ? (seenByKey.get(keyOf(collection, id)) ?? stored) : stored;
  }

  function run(work: Promise<unknown>, onEnd = () => {}): void {
    const ownLife = life;
    work
      .catch((error: unknown) => onFault(`${name}: ${error instanceof Error ? error.stack : error}`))
      .finally(() => {
        if (ownLife === life) onEnd();
      });
  }

  /** One batch at a time: else nobody could say which of them was written. */
  function atBatch(work: Promise<unknown>): void {
    isAtBatch = true;
    run(work, () => {
      isAtBatch = false;
      chronicle.inboxes.ended(name);
    });
  }

  const documents = () =>
    COLLECTIONS.flatMap((collection) =>
      [...disk.documents[collection].values()].map((document) => ({ collection, row: toLocalRow(plan, document) })),
    );

  const device: Device = {
    name,
    link: undefined,
    labels: [TENANT],
    skewMs: 0,
    get tasksWaiting() {
      return tasks.waiting;
    },
    get isOff() {
      return isOff;
    },
    get app() {
      return app;
    },
    get rows() {
      // A tombstone without stamps stands for a document that is nowhere.
      const rows = documents().filter(({ row: { state } }) => state.registers.size > 0 || state.generation !== '');
      return new Map(rows.map(({ collection, row }) => [keyOf(collection, row.id), row.state]));
    },
    isKnown(key) {
      const [collection, id] = splitKey(key);
      const document = disk.documents[collection].get(id);
      return document !== undefined && rowMetaOf(document)?.seq !== undefined;
    },
    get pendingOnDisk() {
      return documents().filter(({ row }) => row.pending.size > 0).length;
    },
    checkpointOf(collection) {
      const [record] = internalDocuments(disk, `breakwater-${collection}`);
      return (record?.data as { readonly checkpoint: number } | undefined)?.checkpoint ?? 0;
    },
    get journals() {
      return internalDocuments(disk, 'breakwater-batch-').map(({ key }) => String(key));
    },
    get refused() {
      return app?.refused ?? [];
    },
    start() {
      const ownLife = ++life;
      isOff = false;
      seenByKey = new Map();
      startApp({
        name,
        token: `${name}.${life}.${++tokens}`,
        disk,
        tasks,
        scheduler: clockOf(life),
        random: random.next,
        copies,
        seams,
        onFault,
        onWritten(collection, written) {
          if (written.context !== 'breakwater-ack')
            seenByKey.set(keyOf(collection, idOf(written.document)), written.document);
          chronicle.noteWritten(name, collection, written);
          onWritten?.(name, collection, written);
        },
        onInternalWritten: (written) => chronicle.noteInternal(name, written),
      })
        .then((started) => {
          if (ownLife === life) app = started;
        })
        .catch((error: unknown) => onFault(`${name}: ${error instanceof Error ? error.stack : error}`));
    },
    taskStep: () => tasks.step(random),
    write(write) {
      if (app !== undefined) run(performWrite(write, app.database, find));
    },
    writeBatch(writes) {
      if (app === undefined || isAtBatch) return false;
      atBatch(performBatch(writes, app.database));
      return true;
    },
    actOnInbox(write, action) {
      if (app === undefined || isAtBatch) return false;
      const isSame = (each: RefusedWrite) => each.document === write.document;
      const isTogether = (each: RefusedWrite) => write.batch !== undefined && each.batch === write.batch;
      const together = device.refused.filter((each) => isSame(each) || isTogether(each));
      chronicle.inboxes.began(name, action === 'discard' ? 'discard' : 'write again', together);
      if (action === 'discard') atBatch(write.discard());
      else atBatch(action === 'retry' ? write.retry() : write.edit({ title: 'edited', body: 'edited' }));
      return true;
    },
    crash(isDone) {
      life += 1;
      isOff = true;
      app = undefined;
      tasks.abandon(isDone);
      // What the dead app still asks for is asked of nobody.
      tasks = createTasks();
      isAtBatch = false;
      chronicle.inboxes.interrupted(name);
    },
  };
  return device;
}
