import type { RoomKey, RoomStore } from './room-store.ts';

/** An update on its way to the disk, and what is to be done when it is there. */
export interface LoggedUpdate {
  readonly update: Uint8Array;
  readonly onStored: () => void;
}

/**
 * Brings the updates of one room to the disk, in their order. Those that come while others are being written are written
 * together. After a failure it takes no more.
 */
export interface UpdateLog {
  add(logged: LoggedUpdate): void;
  /** Updates that are not on the disk yet. */
  readonly unstored: readonly Uint8Array[];
  /** Are these so many or so large that whoever sends more should wait? They fill memory. */
  readonly isFull: boolean;
  /** The number of the last update on the disk. */
  readonly last: number;
  /** Resolves when everything that was added by now is on the disk, or will never be. */
  settled(): Promise<void>;
}

/** A turn of the event loop takes so many from one session before others get theirs. */
const FULL_UPDATES = 256;
const FULL_BYTES = 1024 * 1024;

export interface UpdateLogOptions {
  readonly store: Pick<RoomStore, 'append'>;
  readonly tenant: string;
  readonly room: RoomKey;
  /** The number of the last update that there is. */
  readonly last: number;
  readonly onFailed: (error: unknown) => void;
}

export function createUpdateLog({ store, tenant, room, last: stored, onFailed }: UpdateLogOptions): UpdateLog {
  let waiting: LoggedUpdate[] = [];
  let writing: LoggedUpdate[] = [];
  /** Called when what waits is stored, and when what is being written is. */
  let afterWaiting: (() => void)[] = [];
  let afterWriting: (() => void)[] = [];
  let last = stored;
  let unstoredBytes = 0;
  let isBroken = false;
  let isRunning = false;

  return {
    add(logged) {
      if (isBroken) return;
      waiting.push(logged);
      unstoredBytes += logged.update.length;
      if (!isRunning) void run();
    },
    get unstored() {
      return [...writing, ...waiting].map(({ update }) => update);
    },
    get isFull() {
      return writing.length + waiting.length >= FULL_UPDATES || unstoredBytes >= FULL_BYTES;
    },
    get last() {
      return last;
    },
    settled() {
      if (waiting.length + writing.length === 0) return Promise.resolve();
      const after = waiting.length > 0 ? afterWaiting : afterWriting;
      return new Promise((resolve) => after.push(resolve));
    },
  };

  async function run(): Promise<void> {
    isRunning = true;
    try {
      while (waiting.length > 0) await write();
    } catch (error) {
      isBroken = true;
      waiting = [];
      writing = [];
      onFailed(error);
      for (const resolve of [...afterWriting.splice(0), ...afterWaiting.splice(0)]) resolve();
    }
    isRunning = false;
  }

  async function write(): Promise<void> {
    last = await store.append(tenant, room, () => {
      [writing, waiting] = [waiting, []];
      [afterWriting, afterWaiting] = [afterWaiting, []];
      return writing.map(({ update }) => update);
    });
    const written = writing;
    writing = [];
    unstoredBytes = bytesOf(waiting);
    for (const { onStored } of written) onStored();
    for (const resolve of afterWriting.splice(0)) resolve();
  }
}

function bytesOf(logged: readonly LoggedUpdate[]): number {
  return logged.reduce((sum, { update }) => sum + update.length, 0);
}
