import type { Session } from '../connection/session.ts';
import type { Scheduler } from '../scheduler.ts';
import { createGate } from './gate.ts';
import { createPace } from './pace.ts';

/** The pieces that travel in one direction over one link. */
export interface Lane {
  readonly session: Session;
  /** Bytes of the next piece. */
  readonly pieceBytes: number;
  /**
   * Resolves when there is room for one more piece; the answer is to be called when that is through, or will never be.
   *
   * @param signal is aborted with the link, too.
   * @throws what aborted the signal.
   */
  enter(signal: AbortSignal): Promise<(outcome: 'answered' | 'failed') => void>;
}

/** Bytes of a message with a piece in it, beside the piece, at most. */
const HEAD_BYTES = 128;

export function createLane(session: Session, scheduler: Scheduler): Lane {
  const pace = createPace();
  const mostBytes = Math.max(1, session.connected.limits.maxMessageBytes - HEAD_BYTES);
  const gate = createGate(() => pace.atOnce);

  return {
    session,
    get pieceBytes() {
      return Math.min(pace.bytes, mostBytes);
    },
    async enter(signal) {
      await gate.enter(signal);
      const startedAt = scheduler.now();
      return (outcome) => {
        if (outcome === 'answered') pace.note(scheduler.now() - startedAt);
        gate.leave();
      };
    },
  };
}
