import type { Row } from '@breakwater/protocol';
import type { LocalRows } from '../storage/local-rows.ts';
import { REVOKED, type Refusal } from './down.ts';

/** A pull from 0 after which the rows that it did not bring are no more: the server has dropped their tombstones. */
export interface Sweep {
  /** The pull brought these. */
  note(rows: readonly Row[]): void;
  /** Rows to be removed, batch by batch, once everything up to `checkpoint` has come and is stored. */
  rest(rows: LocalRows, checkpoint: number): AsyncGenerator<Refusal[]>;
}

/** Why rows may be no more: their tombstones were dropped, or the session reads by other labels than the one before. */
export type SweepCause = 'purged' | 'revoked';

export function createSweep(cause: SweepCause): Sweep {
  const broughtIds = new Set<string>();

  return {
    note(rows) {
      for (const { id } of rows) broughtIds.add(id);
    },
    async *rest(rows, checkpoint) {
      for await (const batch of rows.all()) {
        const gone = batch.filter(({ id, seq }) => seq !== undefined && seq <= checkpoint && !broughtIds.has(id));
        if (gone.length > 0)
          yield gone.map(({ id }) => ({ id, server: undefined, upToSeq: checkpoint, ...REASONS[cause] }));
      }
    },
  };
}

/** Why what was changed here meanwhile is the user's to decide. */
export const PURGED = {
  code: 'purged',
  reason: 'the document was deleted elsewhere, so long ago that the server has forgotten it',
} as const;

const REASONS = { purged: PURGED, revoked: REVOKED };
