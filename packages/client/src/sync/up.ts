import { encodeState, pick } from '@breakwater/crdt';
import type { Ack, AckGroup, Limits, RefusalCode, Row } from '@breakwater/protocol';
import type { Session } from '../connection/session.ts';
import type { LocalRow } from '../storage/document-row.ts';
import type { AcknowledgedRow, LocalRows } from '../storage/local-rows.ts';
import type { PendingRows } from './pending-rows.ts';

export interface UpOptions {
  readonly collection: string;
  readonly rows: LocalRows;
  readonly pending: PendingRows;
  readonly onRefused: (id: string, code: RefusalCode, reason: string) => void;
  /** Stores what an ack says, in the order of the stream. */
  readonly onAcknowledged: (session: Session, rows: AcknowledgedRow[], checkpoint: number) => Promise<void>;
}

/** Pushes under way at once: while one is being committed, the next is read and encoded. */
export const PUSHES_AT_ONCE = 2;
/** Rows read for one push. */
const PUSH_ROWS = 500;
/** A push holds this many bytes at most, or one row. The server's largest message is far from it. */
const PUSH_BYTES = 256 * 1024;

interface Batch {
  readonly rows: Row[];
  readonly pushed: LocalRow[];
}

export interface Up {
  /**
   * Pushes one batch of what is pending. False: there was nothing to push.
   * @throws LinkLostError, or RequestError when the server failed the push as a whole; the rows stay pending.
   */
  pushOnce(session: Session): Promise<boolean>;
}

export function createUp(options: UpOptions): Up {
  const { collection, rows, pending, onRefused, onAcknowledged } = options;

  async function readBatch(ids: readonly string[], { maxRowBytes }: Limits): Promise<Batch> {
    const batch: Batch = { rows: [], pushed: [] };
    const found = await rows.read(ids);
    const foundIds = new Set(found.map(({ id }) => id));
    for (const id of ids) if (!foundIds.has(id)) pending.drop(id);
    let bytes = 0;
    for (const local of found) {
      const row = encodeRow(local);
      if (row === undefined) continue;
      if (row.bytes.length > maxRowBytes) {
        refuse(local.id, 'too-large', `the row has ${row.bytes.length} bytes, the server takes ${maxRowBytes}`);
        continue;
      }
      bytes += row.bytes.length + row.id.length;
      // What does not fit is released, and taken by the next push.
      if (bytes > PUSH_BYTES && batch.rows.length > 0) break;
      batch.rows.push(row);
      batch.pushed.push(local);
    }
    return batch;
  }

  /** Undefined when another tab has already seen to the row. */
  function encodeRow(local: LocalRow): Row | undefined {
    const { id, state, pending: paths, seq } = local;
    const isWhole = pending.isWholeRequired(id) || seq === undefined;
    if (paths.size === 0 && !isWhole) {
      pending.drop(id);
      return undefined;
    }
    const part = isWhole ? state : pick(state, [...paths], rows.knownOf(local));
    const base = part.partial && seq !== undefined ? { base: seq } : {};
    return { id, seq: 0, ...base, deleted: false, bytes: encodeState(part) };
  }

  function refuse(id: string, code: RefusalCode, reason: string): void {
    pending.drop(id);
    onRefused(id, code, reason);
  }

  function readResults(group: AckGroup | undefined, pushed: readonly LocalRow[]): AcknowledgedRow[] {
    const acknowledged: AcknowledgedRow[] = [];
    pushed.forEach((row, i) => {
      const result = group?.results[i];
      switch (result?.kind) {
        case 'stored':
          pending.wholeStored(row.id);
          acknowledged.push({ id: row.id, pushed: row, seq: result.seq });
          break;
        case 'refused':
          refuse(row.id, result.code, result.reason);
          break;
        case 'send-full':
          pending.requireWhole(row.id);
          break;
        case undefined:
          throw new Error(`the server answered a push of ${pushed.length} rows of ${collection} with fewer results`);
      }
    });
    return acknowledged;
  }

  return {
    async pushOnce(session) {
      const { limits } = session.connected;
      const ids = pending.take(Math.min(PUSH_ROWS, limits.maxPushRows));
      try {
        const batch = await readBatch(ids, limits);
        if (batch.rows.length === 0) return ids.length > 0;
        const groups = [{ collection, rows: batch.rows }];
        const stored = await session.request({ type: 'push', groups }, (ack: Ack) => {
          const group = ack.groups.find((each) => each.collection === collection);
          return { done: onAcknowledged(session, readResults(group, batch.pushed), group?.checkpoint ?? 0) };
        });
        await stored.done;
        return true;
      } finally {
        pending.release(ids);
      }
    },
  };
}
