import type { Scheduler } from '@breakwater/client';
import { type StoredDocument, toLocalRow } from '@breakwater/client/sync';
import type { State } from '@breakwater/crdt';
import type { ManualScheduler } from '../manual-scheduler.ts';
import type { Random } from '../random.ts';
import { type App, notes, startApp } from './app.ts';
import type { Link } from './link.ts';
import { type Disk, idOf } from './model-storage.ts';
import { perform, type Write } from './operations.ts';
import type { Seams } from './seams.ts';
import { COLLECTION } from './server.ts';
import { createTasks } from './tasks.ts';

export interface DeviceOptions {
  readonly name: string;
  readonly random: Random;
  readonly scheduler: ManualScheduler;
  readonly seams: Seams;
  /** A user's write has reached the disk. */
  readonly onWritten: (id: string, state: State) => void;
  readonly onFault: (fault: string) => void;
}

/** A device with its disk, and the app on it that may crash and start again. */
export interface Device {
  readonly name: string;
  /** Steps of the app that wait for the storage. */
  readonly tasksWaiting: number;
  /** Writes of the user that are not over. */
  readonly writesUnderWay: number;
  /** Neither running nor starting. */
  readonly isOff: boolean;
  readonly app: App | undefined;
  readonly rows: ReadonlyMap<string, State>;
  readonly pendingOnDisk: number;
  readonly checkpointOnDisk: number;
  link: Link | undefined;
  /** How far its clock is off, in milliseconds. */
  skewMs: number;
  start(): void;
  taskStep(): void;
  write(write: Write): void;
  /** The app is gone. What was being written is on the disk, or is not. */
  crash(isDone: () => boolean): void;
}

export function createDevice({ name, random, scheduler, seams, onWritten, onFault }: DeviceOptions): Device {
  const disk: Disk = { documentsById: new Map(), recordsByName: new Map() };
  const copies = random.chance(0.5);
  let tasks = createTasks();
  /** The documents as this run of the app last heard of them. */
  let seenById = new Map<string, StoredDocument>();
  let app: App | undefined;
  let life = 0;
  let isOff = true;
  let writesUnderWay = 0;

  function clockOf(ownLife: number): Scheduler {
    return {
      now: () => scheduler.now() + device.skewMs,
      after: (delayMs, callback) => scheduler.after(delayMs, () => ownLife === life && callback()),
    };
  }

  function noteWritten(document: StoredDocument, context: string): void {
    if (context !== 'breakwater-ack') seenById.set(idOf(document), document);
    if (context === 'user') onWritten(idOf(document), toLocalRow(notes.plan, document).state);
  }

  /** The second look is at what is stored, as RxDB's is after a conflict. */
  function find(id: string, attempt: number): StoredDocument | undefined {
    const stored = disk.documentsById.get(id);
    return attempt === 0 ? (seenById.get(id) ?? stored) : stored;
  }

  const device: Device = {
    name,
    link: undefined,
    skewMs: 0,
    get tasksWaiting() {
      return tasks.waiting;
    },
    get writesUnderWay() {
      return writesUnderWay;
    },
    get isOff() {
      return isOff;
    },
    get app() {
      return app;
    },
    get rows() {
      const documents = [...disk.documentsById.values()];
      return new Map(documents.map((document) => [idOf(document), toLocalRow(notes.plan, document).state]));
    },
    get pendingOnDisk() {
      return [...disk.documentsById.values()].filter((each) => toLocalRow(notes.plan, each).pending.size > 0).length;
    },
    get checkpointOnDisk() {
      const record = disk.recordsByName.get(COLLECTION) as { readonly checkpoint: number } | undefined;
      return record?.checkpoint ?? 0;
    },
    start() {
      const ownLife = ++life;
      isOff = false;
      seenById = new Map();
      const options = { name, disk, tasks, scheduler: clockOf(life), random: random.next, copies, seams, onFault };
      startApp({ ...options, onWritten: noteWritten })
        .then((started) => {
          if (ownLife === life) app = started;
        })
        .catch((error: unknown) => onFault(`${name}: ${error}`));
    },
    taskStep: () => tasks.step(random),
    write(write) {
      if (app === undefined) return;
      const ownLife = life;
      writesUnderWay += 1;
      perform(write, app.instance, find)
        .catch((error: unknown) => onFault(`${name}: ${error}`))
        .finally(() => {
          if (ownLife === life) writesUnderWay -= 1;
        });
    },
    crash(isDone) {
      life += 1;
      isOff = true;
      app = undefined;
      writesUnderWay = 0;
      tasks.abandon(isDone);
      // What the dead app still asks for is asked of nobody.
      tasks = createTasks();
    },
  };
  return device;
}
