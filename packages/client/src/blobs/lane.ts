import type { Session } from '../connection/session.ts';
import type { Scheduler } from '../scheduler.ts';
import { createGate } from './gate.ts';
import { COMMON_PIECE_BYTES, createPace, WINDOW } from './pace.ts';

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

/** Of pieces that are larger than the common ones so many are on the way at once: behind more a row would wait for long. */
const WINDOW_OF_LARGE = 2;

/** Whoever wrote so shortly ago, in milliseconds, is about to write again: no large piece shall be on the way then. */
const WRITING_MS = 100;

export function createLane(session: Session, scheduler: Scheduler): Lane {
  const pace = createPace();
  const mostBytes = Math.max(1, session.connected.limits.maxMessageBytes - HEAD_BYTES);
  const gate = createGate(() => (pieceBytes() > COMMON_PIECE_BYTES ? WINDOW_OF_LARGE : WINDOW));

  function pieceBytes(): number {
    const bytes = session.sincePushMs() < WRITING_MS ? Math.min(pace.bytes, COMMON_PIECE_BYTES) : pace.bytes;
    return Math.min(bytes, mostBytes);
  }

  return {
    session,
    get pieceBytes() {
      return pieceBytes();
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
