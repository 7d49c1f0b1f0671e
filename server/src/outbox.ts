import type { Scheduler } from './scheduler.ts';

/** What leaves a session. Full means: nothing more that could wait. */
export interface Outbox {
  send(frame: Uint8Array): void;
  isFull(): boolean;
  /** Resolves when the outbox is not full; at once if it is not, unless much was sent: then others have their turn first. */
  room(): Promise<void>;
  /** Drops what is sent from now on. */
  close(): void;
}

export interface OutboxOptions {
  readonly socket: OutboxSocket;
  readonly scheduler: Scheduler;
  onDrained(): void;
  /** The outbox was full for so long that the other side must be taken for stuck. */
  onStuck(): void;
}

export interface OutboxSocket {
  readonly bufferedAmount: number;
  send(frame: Uint8Array, sent: (error?: Error | null) => void): void;
}

/** Unsent bytes from which on the outbox is full: a slow session costs the server this and one message. */
export const FULL_BYTES = 1024 * 1024;

/** Unsent bytes from which on it has room again; apart from the other mark, or it would flutter between the two. */
const ROOM_BYTES = FULL_BYTES / 2;

/** About a page: to read and encode one takes some milliseconds, in which nobody else is answered. */
const BYTES_IN_A_TURN = 128 * 1024;

/** A consumer that is full for longer is closed: it had a minute for a megabyte. */
export const STUCK_AFTER_MS = 60_000;

export function createOutbox({ socket, scheduler, onDrained, onStuck }: OutboxOptions): Outbox {
  let full = false;
  let sentInTurn = 0;
  let isClosed = false;
  let cancelStuck = () => {};
  const waiting: (() => void)[] = [];

  return {
    send(frame) {
      if (isClosed) return;
      sentInTurn += frame.length;
      socket.send(frame, lookAgain);
      if (!full && socket.bufferedAmount > FULL_BYTES) setFull();
    },
    isFull: () => full,
    room() {
      if (full) return new Promise((resolve) => waiting.push(resolve));
      if (sentInTurn < BYTES_IN_A_TURN) return Promise.resolve();
      sentInTurn = 0;
      return new Promise((resolve) => setImmediate(resolve));
    },
    close() {
      isClosed = true;
      cancelStuck();
      release();
    },
  };

  function setFull(): void {
    full = true;
    cancelStuck = scheduler.after(STUCK_AFTER_MS, onStuck);
  }

  /** An error needs no answer here: the socket closes after it and says so. */
  function lookAgain(): void {
    if (!full || isClosed || socket.bufferedAmount > ROOM_BYTES) return;
    full = false;
    cancelStuck();
    onDrained();
    // What waited in the store may have filled it again.
    if (!full) release();
  }

  function release(): void {
    for (const resolve of waiting.splice(0)) resolve();
  }
}
