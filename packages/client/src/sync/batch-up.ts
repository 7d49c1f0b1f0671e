import type { Ack, AckGroup, Limits, RowGroup } from '@breakwater/protocol';
import type { Session } from '../connection/session.ts';
import type { LocalRow } from '../storage/document-row.ts';
import type { Journal } from './journal.ts';
import { createSignal } from './signal.ts';
import type { Answer, Draft, RefusedPush } from './up.ts';

/** What pushing a batch needs of each collection that has documents in it. */
export interface BatchMember {
  readonly name: string;
  /** May anything be pushed now? */
  mayPush(session: Session): boolean;
  /** Pending rows that are part of some batch. */
  batchedIds(): string[];
  /** Keeps other pushes away from these rows; false: one of them is on its way already. */
  takeAll(ids: readonly string[]): boolean;
  release(ids: readonly string[]): void;
  read(ids: readonly string[]): Promise<LocalRow[]>;
  draft(ids: readonly string[], limits: Limits): Promise<Draft>;
  hear(session: Session, group: AckGroup | undefined, draft: Draft): Answer;
  /** Stores what was acknowledged and stamps anew what was ahead of the server's clock. */
  heed(session: Session, answer: Answer): Promise<void>;
  takeBack(session: Session, refused: readonly RefusedPush[]): Promise<void>;
}

export interface BatchUpOptions {
  readonly members: () => readonly BatchMember[];
  readonly readJournal: (batch: string) => Promise<Journal | undefined>;
  readonly removeJournal: (batch: string) => Promise<void>;
}

/** Pushes batches: the documents of each in one message, which the server stores as a whole or not at all. */
export interface BatchUp {
  /** These batches have pending documents. */
  note(batches: readonly string[]): void;
  /** Something has changed that a batch may have waited for. */
  wake(): void;
  /** Pushes whatever there is, until the session ends. Throws what must end the session. */
  run(session: Session): Promise<void>;
}

/** Bytes of a message that are no rows: names, counts. */
const FRAME_BYTES = 4_096;

interface Part {
  readonly member: BatchMember;
  readonly ids: readonly string[];
}

/** Batches that have documents in common, and what of them is pending. */
interface Together {
  readonly batches: readonly string[];
  readonly parts: readonly Part[];
}

interface DraftedPart extends Part {
  readonly draft: Draft;
}

export function createBatchUp({ members, readJournal, removeJournal }: BatchUpOptions): BatchUp {
  const unsent = new Set<string>();
  const work = createSignal();

  /** True: something was done, and there may be more to do. */
  async function pushNext(session: Session): Promise<boolean> {
    for (const batch of unsent) {
      const together = await gather(session, batch);
      if (together !== undefined && (await pushTogether(session, together))) return true;
      if (session.signal.aborted) return false;
    }
    return false;
  }

  /** A document may be part of several batches: those go up together. Undefined: it is not yet time for one of them. */
  async function gather(session: Session, first: string): Promise<Together | undefined> {
    const batches = new Set([first]);
    const idsByMember = new Map<BatchMember, Set<string>>();
    for (const batch of batches) {
      const journal = await readJournal(batch);
      if (journal?.state === 'writing') return undefined;
      for (const member of members()) {
        const named = journal?.entries.filter((each) => each.collection === member.name).map(({ id }) => id);
        // Without a journal nobody knows what belongs together; what is here still has to go up.
        const ids = named ?? member.batchedIds();
        if (ids.length > 0 && !member.mayPush(session)) return undefined;
        for (const row of await member.read(ids)) {
          if (row.pending.size === 0 || !row.batches.has(batch)) continue;
          idsByMember.set(member, (idsByMember.get(member) ?? new Set()).add(row.id));
          for (const other of row.batches) batches.add(other);
        }
      }
    }
    const parts = [...idsByMember].map(([member, ids]) => ({ member, ids: [...ids] }));
    return { batches: [...batches], parts };
  }

  async function pushTogether(session: Session, { batches, parts }: Together): Promise<boolean> {
    const taken: Part[] = [];
    try {
      for (const part of parts) {
        if (!part.member.takeAll(part.ids)) return false;
        taken.push(part);
      }
      const isOver = await pushTaken(session, parts);
      if (isOver) await forget(batches);
      return true;
    } finally {
      for (const { member, ids } of taken) member.release(ids);
    }
  }

  /** True: all of it is stored or refused. */
  async function pushTaken(session: Session, parts: readonly Part[]): Promise<boolean> {
    const { limits } = session.connected;
    const drafted: DraftedPart[] = [];
    for (const part of parts) drafted.push({ ...part, draft: await part.member.draft(part.ids, limits) });
    const unfit = faultOf(drafted, limits);
    if (unfit !== undefined) {
      await takeBack(session, drafted, unfit);
      return true;
    }
    const filled = drafted.filter(({ draft }) => draft.rows.length > 0);
    if (filled.length === 0) return true;
    const groups = filled.map(({ member, draft }): RowGroup => ({ collection: member.name, rows: draft.rows }));
    const answers = await session.request({ type: 'push', atomic: true, groups }, (ack: Ack) =>
      filled.map((part, i) => ({ ...part, answer: part.member.hear(session, ack.groups[i], part.draft) })),
    );
    const isAhead = answers.some(({ answer }) => answer.ahead.length > 0);
    // The innocent of a batch that is only to be stamped anew are not refused for good.
    const refused = answers
      .flatMap(({ answer }) => answer.refused)
      .filter(({ code }) => !isAhead || code !== 'batch-refused');
    for (const { member, answer } of answers) await member.heed(session, { ...answer, refused: [] });
    if (refused.length > 0) {
      await takeBack(session, drafted, refused);
      return true;
    }
    return answers.every(({ draft, answer }) => answer.stored === draft.rows.length);
  }

  /** All of them go back, each with its own reason or, innocent, with that of another. */
  async function takeBack(session: Session, drafted: readonly DraftedPart[], refused: readonly RefusedPush[]) {
    const [first] = refused;
    if (first === undefined) return;
    const batch = [...first.row.batches].sort()[0] ?? '';
    const reason = `it belongs to a batch in which '${first.row.id}' was refused: ${first.reason}`;
    for (const { member, draft } of drafted) {
      const rows = [...draft.pushed, ...draft.refused.map(({ row }) => row)];
      const own = (row: LocalRow) => refused.find((each) => each.row === row);
      await member.takeBack(
        session,
        rows.map((row) => ({ ...(own(row) ?? { row, code: 'batch-refused', reason }), batch })),
      );
    }
  }

  async function forget(batches: readonly string[]): Promise<void> {
    for (const batch of batches) {
      unsent.delete(batch);
      await removeJournal(batch);
    }
  }

  return {
    note(batches) {
      for (const batch of batches) unsent.add(batch);
      work.fire();
    },
    wake: work.fire,
    async run(session) {
      session.signal.addEventListener('abort', work.fire, { once: true });
      while (!session.signal.aborted) {
        const idle = work.next();
        if (!(await pushNext(session))) await idle;
      }
    },
  };
}

/** Why a batch is not worth sending; undefined: it is. */
function faultOf(drafted: readonly DraftedPart[], limits: Limits): readonly RefusedPush[] | undefined {
  const refused = drafted.flatMap(({ draft }) => draft.refused);
  if (refused.length > 0) return refused;
  const rows = drafted.flatMap(({ draft }) => draft.rows);
  const bytes = rows.reduce((sum, row) => sum + row.bytes.length + 4 * row.id.length + 16, FRAME_BYTES);
  const [first] = drafted.flatMap(({ draft }) => draft.pushed);
  if (first === undefined || (rows.length <= limits.maxPushRows && bytes <= limits.maxMessageBytes)) return undefined;
  const reason = `the batch has ${rows.length} documents and ${bytes} bytes, the server takes ${limits.maxPushRows} and ${limits.maxMessageBytes}`;
  return [{ row: first, code: 'too-large', reason }];
}
