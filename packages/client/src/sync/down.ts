import { decodeState, merge } from '@breakwater/crdt';
import type { RevokedRow, Row } from '@breakwater/protocol';
import type { Session } from '../connection/session.ts';
import type { RemoteRow } from '../storage/document-row.ts';
import type { AcknowledgedRow, LateRow, PendingChange } from '../storage/local-rows.ts';
import type { Replacement } from '../storage/set-back.ts';

/** What one message of the server says about a collection. */
export interface News {
  readonly rows: readonly Row[];
  readonly acknowledged: readonly AcknowledgedRow[];
  /** Rows of this device that the server has stored, and that may not be read here. */
  readonly given?: readonly AcknowledgedRow[];
  /** Rows that may not be read here any more. */
  readonly revoked?: readonly RevokedRow[] | undefined;
  /** Rows that go back to what the server holds, as it answered just now. */
  readonly refused?: readonly Refusal[];
  /** A row to be stamped anew, after what the server holds, as it answered just now. */
  readonly late?: LateRow;
  /** Once this news is stored, everything up to this seq is; 0: no statement. */
  readonly checkpoint: number;
}

/** Why a row goes back, and to what. */
export interface Refusal extends Replacement {
  readonly code: string;
  readonly reason: string;
  readonly batch?: string | undefined;
}

export interface DownOptions {
  /** Leaves out deltas on what is not here, and hands on their ids. */
  readonly merge: (rows: readonly RemoteRow[], onLacking: (id: string) => void) => Promise<PendingChange[]>;
  /** A row as the server has it now; undefined: it has none any more. */
  readonly fetchRow: (session: Session, id: string) => Promise<Row | undefined>;
  readonly acknowledge: (rows: readonly AcknowledgedRow[]) => Promise<PendingChange[]>;
  /** A row of the server is no state. The others go on. */
  readonly onUnreadable: (id: string, cause: unknown) => void;
  readonly restamp: (rows: readonly LateRow[]) => Promise<PendingChange[]>;
  readonly acknowledgeRevoked: (rows: readonly AcknowledgedRow[]) => Promise<PendingChange[]>;
  readonly setBack: (refused: readonly Refusal[]) => Promise<PendingChange[]>;
  readonly onPending: (changes: readonly PendingChange[]) => void;
  readonly onCheckpoint: (checkpoint: number) => void;
}

/** Stores the server's news in the order in which it came: read, merge, write, then the checkpoint. */
export interface Down {
  /** Resolves when the news is stored; also when its session ended first, which undoes nothing and loses nothing. */
  apply(session: Session, news: News): Promise<Applied>;
}

/** What came of all the news that was stored at once. */
export interface Applied {
  /** The ids of rows that were stamped anew: those of which something was ahead. */
  readonly restamped: readonly string[];
}

interface Queued {
  readonly session: Session;
  readonly news: News;
  readonly resolve: (applied: Applied) => void;
  readonly reject: (error: unknown) => void;
}

export function createDown({
  merge: mergeRows,
  fetchRow,
  acknowledge,
  onUnreadable,
  restamp,
  acknowledgeRevoked,
  setBack,
  onPending,
  onCheckpoint,
}: DownOptions): Down {
  let queue: Queued[] = [];
  let running = false;

  async function run(): Promise<void> {
    running = true;
    while (queue.length > 0) {
      // Everything that has gathered meanwhile is stored in one write.
      const batch = queue;
      queue = [];
      try {
        const applied = await store(batch.filter(({ session }) => !session.signal.aborted));
        for (const { resolve } of batch) resolve(applied);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    running = false;
  }

  async function store(batch: readonly Queued[]): Promise<Applied> {
    const news = batch.map((queued) => queued.news);
    // First: older news of a row changes nothing in the state that the server answered, and newer news is to stay.
    const refused = news.flatMap((each) => each.refused ?? []);
    if (refused.length > 0) onPending(await setBack(refused));
    const late = news.flatMap((each) => each.late ?? []);
    const changes = late.length > 0 ? await restamp(late) : [];
    if (changes.length > 0) onPending(changes);
    const remote = combineRows(
      news.flatMap(({ rows }) => rows),
      onUnreadable,
    );
    const lacking = new Set<string>();
    if (remote.length > 0) onPending(await mergeRows(remote, (id) => lacking.add(id)));
    if (lacking.size > 0) await mergeWhole(batch, lacking);
    const acknowledged = news.flatMap((each) => each.acknowledged);
    if (acknowledged.length > 0) onPending(await acknowledge(acknowledged));
    const given = news.flatMap((each) => each.given ?? []);
    if (given.length > 0) onPending(await acknowledgeRevoked(given));
    // Last: what of it the server has stored before is not lost, and a row that has come back since is newer.
    const revoked = news.flatMap((each) => each.revoked ?? []);
    if (revoked.length > 0) onPending(await setBack(revoked.map(toRevocation)));
    // A session that has ended must not move the checkpoint: the next one may have started over from 0.
    for (const { session, news } of batch) {
      if (!session.signal.aborted && news.checkpoint > 0) onCheckpoint(news.checkpoint);
    }
    return { restamped: changes.map(({ id }) => id) };
  }

  /** In place of what builds on a row that is not here, the whole row. Whatever came before it is in it. */
  async function mergeWhole(batch: readonly Queued[], ids: ReadonlySet<string>): Promise<void> {
    const whole: Row[] = [];
    for (const id of ids) {
      const told = batch.findLast(({ news }) => news.rows.some((row) => row.id === id));
      const row = told && (await fetchRow(told.session, id));
      if (row !== undefined) whole.push(row);
    }
    if (whole.length > 0) onPending(await mergeRows(combineRows(whole, onUnreadable), () => {}));
  }

  return {
    apply: (session, news) =>
      new Promise((resolve, reject) => {
        queue.push({ session, news, resolve, reject });
        if (!running) void run();
      }),
  };
}

/** Why what was changed here meanwhile is the user's to decide. */
export const REVOKED = {
  code: 'revoked',
  reason: 'the document may not be read here any more',
  isRevoked: true,
} as const;

function toRevocation({ id, seq }: RevokedRow): Refusal {
  return { id, server: undefined, upToSeq: seq, ...REVOKED };
}

/** Several states of one row become one, as far as they can: two deltas of a text cannot without the text itself. */
function combineRows(rows: readonly Row[], onUnreadable: DownOptions['onUnreadable']): RemoteRow[] {
  const byId = new Map<string, RemoteRow>();
  for (const { id, seq, base, bytes } of rows) {
    try {
      const state = decodeState(bytes);
      const earlier = byId.get(id);
      const row = { id, seq, base, state };
      byId.set(id, earlier ? combine(earlier, row) : row);
    } catch (error) {
      onUnreadable(id, error);
    }
  }
  return [...byId.values()];
}

function combine(earlier: RemoteRow, later: RemoteRow): RemoteRow {
  const { id, seq, state } = later;
  const { base, state: first, onTop = [] } = earlier;
  // Over a gap: whoever has what it adds to has all that came earlier, too.
  if (later.base !== undefined && later.base > earlier.seq) return later;
  if (first.partial && state.partial) return { id, seq, base, state: first, onTop: [...onTop, state] };
  // A whole row adds to nothing, whatever is known of it besides.
  return { id, seq, state: [first, ...onTop].reduce(merge, state) };
}
