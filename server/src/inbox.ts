/** The frames of a session that wait their turn: each is handled when the one before it has been answered. */
export interface Inbox<F> {
  take(frame: F, bytes: number): void;
  readonly isPaused: boolean;
  /** Forgets what waits and takes nothing more. */
  close(): void;
}

export interface InboxOptions<F> {
  /** Never rejects. */
  handle(frame: F): Promise<void> | void;
  /** Stops reading from the socket, and so the client: what waits is bounded by it. */
  pause(): void;
  resume(): void;
}

/** Bytes that may wait before the socket is paused. What the socket had read by then still arrives. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** Frames whose answers are ready at once that are handled before everybody else gets a turn. */
const FRAMES_IN_A_TURN = 64;

export function createInbox<F>({ handle, pause, resume }: InboxOptions<F>): Inbox<F> {
  let waiting: { readonly frame: F; readonly bytes: number }[] = [];
  let waitingBytes = 0;
  let isRunning = false;
  let handled = 0;
  let isPaused = false;
  let isClosed = false;

  return {
    take(frame, bytes) {
      if (isClosed) return;
      waiting.push({ frame, bytes });
      waitingBytes += bytes;
      if (!isPaused && waitingBytes > MAX_WAITING_BYTES) setPaused(true);
      if (!isRunning) void run();
    },
    get isPaused() {
      return isPaused;
    },
    close() {
      isClosed = true;
      waiting = [];
    },
  };

  async function run(): Promise<void> {
    isRunning = true;
    while (waiting.length > 0) {
      // Taken out one by one, each of many thousand small frames would move all that wait behind it.
      const taken = waiting;
      waiting = [];
      for (const { frame, bytes } of taken) {
        if (isClosed) return;
        waitingBytes -= bytes;
        if (isPaused && waitingBytes <= MAX_WAITING_BYTES / 2) setPaused(false);
        await handle(frame);
        handled += 1;
        if (handled % FRAMES_IN_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    }
    isRunning = false;
  }

  function setPaused(paused: boolean): void {
    isPaused = paused;
    if (paused) pause();
    else resume();
  }
}
