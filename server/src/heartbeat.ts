import type { Scheduler } from './scheduler.ts';

/** Notices a peer that is gone without a word. */
export interface Heartbeat {
  /** The peer said something. */
  heard(): void;
  /** Pings now, rather than in its time: somebody has reason to think that the peer is gone. */
  probe(): void;
  stop(): void;
}

export interface HeartbeatOptions {
  readonly scheduler: Scheduler;
  ping(): void;
  /** May the ping still wait behind unsent bytes, or the pong unread? Then silence proves nothing yet. */
  isCongested(): boolean;
  onSilence(): void;
}

/** Below the 30 seconds after which common proxies drop an idle connection. */
export const PING_INTERVAL_MS = 25_000;

/** A pong takes one way there and back; this is for the slowest mobile networks. */
export const PONG_DEADLINE_MS = 10_000;

/** Congestion excuses silence no longer than this. */
export const MAX_SILENCE_MS = 60_000;

export function createHeartbeat({ scheduler, ping, isCongested, onSilence }: HeartbeatOptions): Heartbeat {
  let cancel = scheduler.after(PING_INTERVAL_MS, beat);
  let isAwaited = false;
  let pingedAt = 0;

  return {
    heard() {
      if (!isAwaited) return;
      cancel();
      rest();
    },
    probe() {
      if (isAwaited) return;
      cancel();
      beat();
    },
    stop: () => cancel(),
  };

  function rest(): void {
    isAwaited = false;
    cancel = scheduler.after(PING_INTERVAL_MS, beat);
  }

  function beat(): void {
    isAwaited = true;
    pingedAt = scheduler.now();
    cancel = scheduler.after(PONG_DEADLINE_MS, judge);
    ping();
  }

  function judge(): void {
    if (!isCongested() || scheduler.now() - pingedAt >= MAX_SILENCE_MS) return onSilence();
    cancel = scheduler.after(PONG_DEADLINE_MS, judge);
  }
}
