import type { RowGroup } from '@breakwater/protocol';
import { refuse, shorten } from './inspect-push.ts';
import type { Verdict } from './merge-push.ts';
import type { Decision } from './store.ts';

/**
 * What becomes of an atomic push, given what would become of each of its rows by itself: all of them are stored, or
 * nothing is written. A refusal wins over `send-full`: what would be sent again would be refused again.
 */
export function allOrNothing(groups: readonly RowGroup[], decision: Decision<Verdict[]>): Decision<Verdict[]> {
  const { result } = decision;
  const at = result.findIndex(({ kind }) => kind === 'refused');
  if (at >= 0) return { writes: [], result: refuseOthers(result, namesOf(groups)[at] ?? '') };
  if (result.some(({ kind }) => kind === 'send-full')) return { writes: [], result: result.map(() => SEND_FULL) };
  return decision;
}

const SEND_FULL: Verdict = { kind: 'send-full' };

function refuseOthers(result: readonly Verdict[], culprit: string): Verdict[] {
  const refused = refuse('batch-refused', `nothing of the batch was stored: ${culprit} was refused`);
  return result.map((verdict) => (verdict.kind === 'refused' ? verdict : refused));
}

/** The rows of a push in their order, as a message to people names them. */
function namesOf(groups: readonly RowGroup[]): string[] {
  return groups.flatMap(({ collection, rows }) =>
    rows.map(({ id }) => `the row '${shorten(id)}' of ${shorten(collection)}`),
  );
}
