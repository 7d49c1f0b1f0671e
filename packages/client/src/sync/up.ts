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

/** Thrown when the server finds stamps ahead which this device's clock does not: the two have drifted apart. */
export class ClockJumpError extends Error {
  override readonly name = 'ClockJumpError';
  constructor() {
    super("the device's clock has jumped ahead of the server's");
  }
}

interface Batch {
  readonly rows: Row[];
  readonly pushed: LocalRow[];
}

interface Results {
  readonly acknowledged: AcknowledgedRow[];
  /** Rows whose stamps are too far ahead of the server's clock. */
  readonly ahead: string[];
}

export interface Up {
  /**
   * Pushes one batch of what is pending. False: there was nothing to push.
   * @throws LinkLostError, or RequestError when the server failed the push as a whole; the rows stay pending.
   */
  pushOnce(session: Session): Promise<boolean>;
}

export function createUp(options: UpOptions): Up {
  /** Rows that were stamped anew once; refused again, they are the user's to see. */
  const restampedIds = new Set<string>();
  const { collection, rows, pending, onRefused, onAcknowledged } = options;

  async function readBatch(ids: readonly string[], { maxRowBytes, maxMessageBytes }: Limits): Promise<Batch> {
    const maxBytes = Math.min(PUSH_BYTES, maxMessageBytes / 2);
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
      if (bytes > maxBytes && batch.rows.length > 0) break;
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

  function readResults(group: AckGroup | undefined, batch: Batch): Results {
    const acknowledged: AcknowledgedRow[] = [];
    const ahead: string[] = [];
    batch.pushed.forEach((row, i) => {
      const result = group?.results[i];
      switch (result?.kind) {
        case 'stored':
          if (batch.rows[i]?.base === undefined) pending.wholeStored(row.id);
          restampedIds.delete(row.id);
          acknowledged.push({ id: row.id, pushed: row, seq: result.seq });
          break;
        case 'refused':
          if (result.code === 'clock-ahead' && !restampedIds.has(row.id)) ahead.push(row.id);
          else refuse(row.id, result.code, result.reason);
          break;
        case 'send-full':
          pending.requireWhole(row.id);
          break;
        case undefined:
          throw new Error(
            `the server answered a push of ${batch.rows.length} rows of ${collection} with fewer results`,
          );
      }
    });
    return { acknowledged, ahead };
  }

  async function restamp(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const restamped = await rows.restamp(ids);
    // Nothing is ahead of this device's clock: it has jumped since the session began, and must be compared again.
    if (restamped.length === 0) throw new ClockJumpError();
    for (const { id } of restamped) restampedIds.add(id);
    pending.update(restamped);
  }

  return {
    async pushOnce(session) {
      const { limits } = session.connected;
      const ids = pending.take(Math.min(PUSH_ROWS, limits.maxPushRows));
      try {
        const batch = await readBatch(ids, limits);
        if (batch.rows.length === 0) return ids.length > 0;
        const groups = [{ collection, rows: batch.rows }];
        const stored = await session.request({ type: 'push', atomic: false, groups }, (ack: Ack) => {
          const group = ack.groups.find((each) => each.collection === collection);
          const { acknowledged, ahead } = readResults(group, batch);
          return { ahead, done: onAcknowledged(session, acknowledged, group?.checkpoint ?? 0) };
        });
        await stored.done;
        if (!session.signal.aborted) await restamp(stored.ahead);
        return true;
      } finally {
        pending.release(ids);
      }
    },
  };
}
