import { inspectRows } from '@breakwater/client';
import { merge, type State, sameState } from '@breakwater/crdt';
import type { Verdict } from './judge.ts';
import { asRxCollection, type WorldClient } from './world.ts';

/** What the server has acknowledged of each row, as far as clients noticed. */
export interface AcknowledgedRows {
  /** Looks at the rows of a client of which nothing is pending. */
  note(client: WorldClient): Promise<void>;
  /** Is all of it in these states, or something later? */
  judge(states: Iterable<readonly [id: string, state: State]>): Verdict;
}

export function createAcknowledgedRows(): AcknowledgedRows {
  const stateById = new Map<string, State>();
  return {
    async note({ notes }) {
      for await (const { id, state, pending, seq } of inspectRows(asRxCollection(notes))) {
        if (pending.length > 0 || seq === undefined) continue;
        const known = stateById.get(id);
        stateById.set(id, known === undefined ? state : merge(known, state));
      }
    },
    judge(states) {
      const found = new Map(states);
      const lost = [...stateById].filter(([id, acknowledged]) => {
        const state = found.get(id);
        return state === undefined || !sameState(merge(state, acknowledged), state);
      });
      return lost.map(([id]) => `the server lost the acknowledged row '${id}', or a part of it`);
    },
  };
}
