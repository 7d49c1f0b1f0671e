import type { Session } from '../connection/session.ts';
import type { Scheduler } from '../scheduler.ts';
import type { Status } from '../status.ts';
import { createSignal } from '../sync/signal.ts';
import { createLane, type Lane } from './lane.ts';

/** The link as downloads see it: there, on its way, or not to be had now. */
export interface Link {
  /** Pieces come down here; undefined: there is no link. */
  readonly lane: Lane | undefined;
  /** Is an attempt to connect under way? */
  readonly isConnecting: boolean;
  begin(session: Session): void;
  note(state: Status['state']): void;
  /** Resolves when something of it has changed. */
  changed(): Promise<void>;
}

export function createLink(scheduler: Scheduler): Link {
  let lane: Lane | undefined;
  let state: Status['state'] = 'connecting';
  const change = createSignal();

  return {
    get lane() {
      return lane?.session.signal.aborted ? undefined : lane;
    },
    get isConnecting() {
      // Live, but the session is not ready for anything yet.
      return state === 'connecting' || (state === 'live' && lane?.session.signal.aborted !== false);
    },
    begin(session) {
      lane = createLane(session, scheduler);
      change.fire();
    },
    note(now) {
      if (now === state) return;
      state = now;
      change.fire();
    },
    changed: change.next,
  };
}
