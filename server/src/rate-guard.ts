import { createAllowance, type Limits, RATE_BURST_S } from '@breakwater/protocol';
import { FULL_BYTES } from './outbox.ts';
import type { Scheduler } from './scheduler.ts';

/** Counts what comes over a socket. */
export interface RateGuard {
  /** May a message of so many bytes be taken? Once it may not, nothing may any more. */
  admits(bytes: number): boolean;
}

export interface RateGuardOptions {
  readonly socket: PingedSocket;
  readonly limits: Pick<Limits, 'maxMessagesPerSecond' | 'maxBytesPerSecond'>;
  readonly scheduler: Scheduler;
  /** Called once, with a sentence for the client. */
  readonly onExceeded: (reason: string) => void;
}

export interface PingedSocket {
  readonly bufferedAmount: number;
  on(event: 'ping', listener: (data: Buffer) => void): unknown;
  pong(data: Buffer): void;
}

/** Pings of the websocket are messages like others, and answered here: who does not read the answers gets none. */
export function createRateGuard({ socket, limits, scheduler, onExceeded }: RateGuardOptions): RateGuard {
  const allowance = createAllowance({ limits, burstS: RATE_BURST_S, now: scheduler.now });
  let isExceeded = false;

  socket.on('ping', (data) => {
    if (admits(data.length) && socket.bufferedAmount <= FULL_BYTES) socket.pong(data);
  });

  return { admits };

  function admits(bytes: number): boolean {
    if (isExceeded) return false;
    if (allowance.take(bytes)) return true;
    isExceeded = true;
    const { maxMessagesPerSecond, maxBytesPerSecond } = limits;
    onExceeded(`a session sends at most ${maxMessagesPerSecond} messages and ${maxBytesPerSecond} bytes a second`);
    return false;
  }
}
