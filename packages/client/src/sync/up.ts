import { decodeState, encodeState, NO_STAMP, newestStamp, pick, type State } from '@breakwater/crdt';
import type { Ack, AckGroup, Got, Limits, Row } from '@breakwater/protocol';
import type { Session } from '../connection/session.ts';
import type { LocalRow } from '../storage/document-row.ts';
import type { AcknowledgedRow, LateRow, LocalRows } from '../storage/local-rows.ts';
import { isRow } from '../storage/row-meta.ts';
import type { PendingRows } from './pending-rows.ts';

export interface UpOptions {
  readonly collection: string;
  readonly rows: LocalRows;
  readonly pending: PendingRows;
  /** Sees to rows that the server does not take. Until it has, they are in no other push. */
  readonly onRefused: (session: Session, refused: readonly RefusedPush[]) => Promise<void>;
  /** Stamps a row anew, in the order of the stream. False: none of its stamps was ahead. */
  readonly onAhead: (session: Session, row: LateRow) => Promise<boolean>;
  /** Stores what an ack says, in the order of the stream. */
  readonly onAcknowledged: (
    session: Session,
    stored: Pick<Results, 'acknowledged' | 'given'>,
    checkpoint: number,
  ) => Promise<void>;
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

/** A row as it was pushed, and why it was not taken. */
export interface RefusedPush {
  readonly row: LocalRow;
  readonly code: string;
  readonly reason: string;
  /** What it was refused with. */
  readonly batch?: string;
}

/** What of a row goes up. */
type Part = State | 'all';

/** Rows as they go into one push. */
export interface Draft {
  readonly rows: Row[];
  /** The same rows before they were encoded: all there is of each, and what of it goes up. */
  readonly pushed: LocalRow[];
  readonly parts: Part[];
  /** Rows that are not worth sending. */
  readonly refused: RefusedPush[];
}

/** What the server's answer asks for. */
export interface Answer {
  readonly refused: readonly RefusedPush[];
  /** Settles when what was stored is known to the device's storage, too. */
  readonly done: Promise<void>;
  readonly ahead: readonly string[];
}

interface Results {
  readonly acknowledged: AcknowledgedRow[];
  /** Stored as well, and nothing that may be read here. */
  readonly given: AcknowledgedRow[];
  readonly refused: RefusedPush[];
  /** Rows whose stamps are too far ahead of the server's clock. */
  readonly ahead: string[];
}

export interface Up {
  /**
   * Pushes one batch of what is pending. False: there was nothing to push.
   * @throws LinkLostError, or RequestError when the server failed the push as a whole; the rows stay pending.
   */
  pushOnce(session: Session): Promise<boolean>;
  /** Reads and encodes what is pending of these rows, which are a batch's. */
  draftBatch(ids: readonly string[], limits: Limits): Promise<Draft>;
  /** To be called in the very turn in which the ack came. */
  hear(session: Session, group: AckGroup | undefined, draft: Draft): Answer;
  /** Sees to everything that the answer asks for. */
  heed(session: Session, answer: Answer): Promise<void>;
}

function partIn(part: Part | undefined): Pick<AcknowledgedRow, 'part'> {
  return part === undefined || part === 'all' ? {} : { part };
}

export function createUp(options: UpOptions): Up {
  /** Rows that were stamped anew once; refused again, they are the user's to see. */
  const restampedIds = new Set<string>();
  const { collection, rows, pending, onRefused, onAhead, onAcknowledged } = options;

  /** Rows that stand alone, up to so many bytes, or one row. */
  async function draft(ids: readonly string[], limits: Limits): Promise<Draft> {
    const found = await rows.readRecent(ids);
    const foundIds = new Set(found.map(({ id }) => id));
    for (const id of ids) if (!foundIds.has(id)) pending.drop(id);
    // A batch may have written to some of them since they were taken.
    const alone = found.filter(({ batches }) => batches.size === 0);
    return encodeRows(alone, limits, Math.min(PUSH_BYTES, limits.maxMessageBytes / 2));
  }

  function encodeRows(found: readonly LocalRow[], { maxRowBytes }: Limits, maxBytes: number): Draft {
    const drafted: Draft = { rows: [], pushed: [], parts: [], refused: [] };
    let bytes = 0;
    for (const local of found) {
      const part = partOf(local);
      if (part === undefined) continue;
      const row = encodeRow(local, part);
      if (row.bytes.length > maxRowBytes) {
        const reason = `the row has ${row.bytes.length} bytes, the server takes ${maxRowBytes}`;
        drafted.refused.push({ row: local, code: 'too-large', reason });
        continue;
      }
      bytes += row.bytes.length + row.id.length;
      // What does not fit is released, and taken by the next push.
      if (bytes > maxBytes && drafted.rows.length > 0) break;
      drafted.rows.push(row);
      drafted.pushed.push(local);
      drafted.parts.push(part);
    }
    return drafted;
  }

  /** What of the row is to go up. Undefined when another tab has already seen to it. */
  function partOf(local: LocalRow): Part | undefined {
    const { id, seq, document } = local;
    // A document that is neither here nor on the server is nothing to be sent, not even as a whole.
    if (isRow(document) && (pending.isWholeRequired(id) || seq === undefined)) return 'all';
    if (local.pending.size > 0) return pick(local.state, [...local.pending], rows.knownOf(local));
    pending.drop(id);
    return undefined;
  }

  function encodeRow(local: LocalRow, part: Part): Row {
    const { id, seq } = local;
    if (part === 'all') return { id, seq: 0, deleted: false, bytes: rows.encode(local) };
    const base = part.partial && seq !== undefined ? { base: seq } : {};
    return { id, seq: 0, ...base, deleted: false, bytes: encodeState(part) };
  }

  function readResults(group: AckGroup | undefined, drafted: Draft): Results {
    const acknowledged: AcknowledgedRow[] = [];
    const given: AcknowledgedRow[] = [];
    const refused: RefusedPush[] = [];
    const ahead: string[] = [];
    drafted.pushed.forEach((row, i) => {
      const result = group?.results[i];
      switch (result?.kind) {
        case 'stored':
          if (drafted.rows[i]?.base === undefined) pending.wholeStored(row.id);
          restampedIds.delete(row.id);
          (result.isRevoked ? given : acknowledged).push({
            id: row.id,
            pushed: row,
            ...partIn(drafted.parts[i]),
            seq: result.seq,
          });
          break;
        case 'refused':
          if (result.code === 'clock-ahead' && !restampedIds.has(row.id)) ahead.push(row.id);
          else refused.push({ row, code: result.code, reason: result.reason });
          break;
        case 'send-full':
          pending.requireWhole(row.id);
          break;
        case undefined:
          throw new Error(
            `the server answered a push of ${drafted.rows.length} rows of ${collection} with fewer results`,
          );
      }
    });
    return { acknowledged, given, refused, ahead };
  }

  async function restamp(session: Session, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const wasAhead = await Promise.all(ids.map((id) => restampRow(session, id)));
    if (session.signal.aborted) return;
    // Nothing is ahead of this device's clock: it has jumped since the session began, and must be compared again.
    if (!wasAhead.includes(true)) throw new ClockJumpError();
    for (const [i, id] of ids.entries()) if (wasAhead[i]) restampedIds.add(id);
  }

  /** The stamp that was ahead may have won here over a later write that the server has: the new one must come after it. */
  async function restampRow(session: Session, id: string): Promise<boolean> {
    const { wasAhead } = await session.request({ type: 'get', collection, id }, ({ row }: Got) => {
      const after = row === undefined ? NO_STAMP : newestStamp(decodeState(row.bytes));
      return { wasAhead: onAhead(session, { id, after }) };
    });
    return wasAhead;
  }

  function hear(session: Session, group: AckGroup | undefined, drafted: Draft): Answer {
    const { acknowledged, given, ...rest } = readResults(group, drafted);
    const done = onAcknowledged(session, { acknowledged, given }, group?.checkpoint ?? 0);
    return { ...rest, done };
  }

  async function heed(session: Session, { refused, done, ahead }: Answer): Promise<void> {
    await done;
    if (refused.length > 0) await onRefused(session, refused);
    if (!session.signal.aborted) await restamp(session, ahead);
  }

  return {
    async pushOnce(session) {
      const { limits } = session.connected;
      const ids = pending.take(Math.min(PUSH_ROWS, limits.maxPushRows));
      try {
        const drafted = await draft(ids, limits);
        if (drafted.refused.length > 0) await onRefused(session, drafted.refused);
        if (drafted.rows.length === 0) return ids.length > 0;
        const groups = [{ collection, rows: drafted.rows }];
        const answer = await session.request({ type: 'push', atomic: false, groups }, (ack: Ack) => {
          const group = ack.groups.find((each) => each.collection === collection);
          return hear(session, group, drafted);
        });
        await heed(session, answer);
        return true;
      } finally {
        pending.release(ids);
      }
    },
    draftBatch: async (ids, limits) => encodeRows(await rows.read(ids), limits, Number.POSITIVE_INFINITY),
    hear,
    heed,
  };
}
