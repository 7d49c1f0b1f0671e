import type { Socket } from 'node:net';
import type { Scheduler } from '@breakwater/client';

/** Up: from the client to the server. */
export type Direction = 'up' | 'down';

/** What every line of a proxy goes through at present. */
export interface Weather {
  latencyMs: number;
  /** Up to so much more, by chance. */
  jitterMs: number;
  bytesPerSecond: number;
  /** Does every byte go by itself? */
  isTrickling: boolean;
  readonly isStalled: Record<Direction, boolean>;
}

export interface LaneOptions {
  readonly direction: Direction;
  readonly from: Socket;
  readonly to: Socket;
  readonly weather: Weather;
  readonly scheduler: Scheduler;
  readonly random: () => number;
  /** Sees the bytes as they come. The answer, once there is one, is the offset behind the last byte that gets through. */
  readonly cutOffset: (bytes: Uint8Array) => number | undefined;
  /** All that shall get through has been handed over. */
  readonly onCut: () => void;
}

/** One direction of one connection. */
export interface Lane {
  /** Bytes that were taken and not handed over yet. */
  readonly waiting: number;
  /** Hands over what may go now. To be called when the weather changes. */
  pump(): void;
  /** From now on everything vanishes, also the news that the sender is gone. */
  swallow(): void;
  /** Tells the receiver that nothing more will come, once it has what was taken; what comes after it vanishes. */
  halfClose(): void;
}

/** With more than this under way the sender is not read, so that it feels that the line is full. */
export const MAX_WAITING_BYTES = 64 * 1024;

/** On a narrow line what is sent goes in pieces of about a packet's size. */
const PACKET_BYTES = 1_400;

interface Piece {
  readonly bytes: Buffer;
  readonly dueAt: number;
}

export function createLane(options: LaneOptions): Lane {
  const { direction, from, to, weather, scheduler, random } = options;
  const queue: Piece[] = [];
  let waiting = 0;
  let taken = 0;
  /** What is done once everything is handed over. */
  let ending: (() => void) | undefined;
  let isSwallowing = false;
  /** On a narrow line: when the next byte may go. */
  let freeAt = 0;
  let cancelNext: (() => void) | undefined;

  from.on('data', take);
  from.on('end', () => endWith(() => to.end()));
  to.on('drain', pump);

  function take(chunk: Buffer): void {
    if (isSwallowing || ending !== undefined) return;
    const cut = options.cutOffset(chunk);
    const passing = cut === undefined ? chunk : chunk.subarray(0, Math.max(0, cut - taken));
    taken += chunk.length;
    if (passing.length > 0) enqueue(passing);
    if (cut !== undefined && taken >= cut) ending = options.onCut;
    pump();
  }

  function enqueue(bytes: Buffer): void {
    const dueAt = scheduler.now() + weather.latencyMs + weather.jitterMs * random();
    queue.push({ bytes, dueAt: Math.max(dueAt, queue.at(-1)?.dueAt ?? 0) });
    waiting += bytes.length;
    if (waiting > MAX_WAITING_BYTES) from.pause();
  }

  function endWith(action: () => void): void {
    ending ??= action;
    pump();
  }

  function pump(): void {
    cancelNext?.();
    cancelNext = undefined;
    while (!isSwallowing && !weather.isStalled[direction] && !to.writableNeedDrain) {
      const [head] = queue;
      if (head === undefined) return finish();
      const delayMs = Math.max(head.dueAt, isNarrow() ? freeAt : 0) - scheduler.now();
      if (delayMs > 0) {
        cancelNext = scheduler.after(delayMs, pump);
        return;
      }
      hand(head);
      if (weather.isTrickling) return pumpInNextTurn();
    }
  }

  function pumpInNextTurn(): void {
    const turn = setImmediate(pump);
    cancelNext = () => clearImmediate(turn);
  }

  function isNarrow(): boolean {
    return Number.isFinite(weather.bytesPerSecond);
  }

  function hand({ bytes, dueAt }: Piece): void {
    const most = weather.isTrickling ? 1 : isNarrow() ? PACKET_BYTES : bytes.length;
    const size = Math.min(bytes.length, most);
    if (size < bytes.length) queue[0] = { bytes: bytes.subarray(size), dueAt };
    else queue.shift();
    waiting -= size;
    if (isNarrow()) freeAt = Math.max(freeAt, scheduler.now()) + (size / weather.bytesPerSecond) * 1_000;
    to.write(bytes.subarray(0, size));
    if (waiting <= MAX_WAITING_BYTES) from.resume();
  }

  function finish(): void {
    if (ending === undefined) return;
    isSwallowing = true;
    ending();
  }

  return {
    get waiting() {
      return waiting;
    },
    pump,
    swallow() {
      isSwallowing = true;
      cancelNext?.();
      queue.length = 0;
      waiting = 0;
      // Unread, it would not tell that its other side is gone.
      from.resume();
    },
    halfClose: () => endWith(() => to.end()),
  };
}
