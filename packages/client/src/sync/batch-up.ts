import type { Ack, AckGroup, Limits, RowGroup } from '@breakwater/protocol';
import type { Session } from '../connection/session.ts';
import type { LocalRow } from '../storage/document-row.ts';
import { takeFitting } from './fitting-batches.ts';
import type { Journal, JournalEntry, RefusedBatch, RefusedDocument } from './journal.ts';
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
  readonly refuseJournal: (
    batch: string,
    what: { readonly entries: readonly JournalEntry[]; readonly refused: RefusedBatch },
  ) => Promise<void>;
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

interface Part {
  readonly member: BatchMember;
  readonly ids: readonly string[];
}

/** Batches that have documents in common, the oldest first, and what of them is pending. */
interface Together {
  readonly batches: readonly string[];
  /** How often each batch had been noted before their documents were looked at. */
  readonly noted: ReadonlyMap<string, number>;
  readonly parts: readonly Part[];
  /** An earlier session has heard that the server does not take them. */
  readonly refused: RefusedBatch | undefined;
}

interface DraftedPart extends Part {
  readonly draft: Draft;
}

interface RefusedTogether {
  readonly batches: readonly string[];
  readonly drafted: readonly DraftedPart[];
  readonly refused: RefusedBatch;
}

export function createBatchUp({ members, readJournal, refuseJournal, removeJournal }: BatchUpOptions): BatchUp {
  /** How often each batch was noted. */
  const unsent = new Map<string, number>();
  const work = createSignal();

  /** True: something was done, and there may be more to do. */
  async function pushNext(session: Session): Promise<boolean> {
    for (const batch of [...unsent.keys()]) {
      const together = await gather(session, batch);
      if (together !== undefined && (await pushTogether(session, together))) return true;
      if (session.signal.aborted) return false;
    }
    return false;
  }

  /** A document may be part of several batches: those go up together. Undefined: it is not yet time for one of them. */
  async function gather(session: Session, first: string): Promise<Together | undefined> {
    const noted = new Map(unsent);
    const journalByBatch = new Map<string, Journal | undefined>();
    const batches = new Set([first]);
    const idsByMember = new Map<BatchMember, Set<string>>();
    for (const batch of batches) {
      const journal = await readJournal(batch);
      if (journal?.state === 'writing') return undefined;
      journalByBatch.set(batch, journal);
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
    const startedAt = (batch: string) => journalByBatch.get(batch)?.startedAt ?? 0;
    return {
      batches: [...batches].sort((a, b) => startedAt(a) - startedAt(b)),
      noted,
      parts: [...idsByMember].map(([member, ids]) => ({ member, ids: [...ids] })),
      refused: [...journalByBatch.values()].find((journal) => journal?.refused)?.refused,
    };
  }

  async function pushTogether(session: Session, together: Together): Promise<boolean> {
    const taken: Part[] = [];
    try {
      for (const part of together.parts) {
        if (!part.member.takeAll(part.ids)) return false;
        taken.push(part);
      }
      if (together.parts.length === 0) await forget(together);
      else await pushTaken(session, together);
      return true;
    } finally {
      for (const { member, ids } of taken) member.release(ids);
    }
  }

  /** Whether anything of it is pending afterwards is for the next look to find out: what went back may have changed meanwhile. */
  async function pushTaken(session: Session, { batches, parts, refused: known }: Together): Promise<void> {
    const { limits } = session.connected;
    const drafted: DraftedPart[] = [];
    for (const part of parts) drafted.push({ ...part, draft: await part.member.draft(part.ids, limits) });
    // One of them has become part of another batch meanwhile, of which not everything need be written yet.
    if (rowsOf(drafted).some((row) => [...row.batches].some((batch) => !batches.includes(batch)))) return;
    // A document of theirs may have gone back since they were gathered.
    if (known === undefined && (await isAnyRefused(batches))) return;
    const unfit = known ?? refusedBatch(batches, faultOf(drafted));
    if (unfit !== undefined) return refuse(session, { batches, drafted, refused: unfit });
    const filled = drafted.filter(({ draft }) => draft.rows.length > 0);
    if (filled.length === 0) return;
    const fitting = takeFitting(filled, batches, limits);
    if (typeof fitting === 'string') {
      const refused = { batch: batches[0] ?? '', guilty: [{ ...firstOf(filled), code: 'too-large', reason: fitting }] };
      return refuse(session, { batches, drafted, refused });
    }
    const groups = fitting.map(({ member, draft }): RowGroup => ({ collection: member.name, rows: draft.rows }));
    const answers = await session.request({ type: 'push', atomic: true, groups }, (ack: Ack) =>
      fitting.map((part, i) => ({ ...part, answer: part.member.hear(session, ack.groups[i], part.draft) })),
    );
    const isAhead = answers.some(({ answer }) => answer.ahead.length > 0);
    const refused = answers.flatMap(({ member, answer }) => answer.refused.map((each) => toRefused(member, each)));
    // The innocent of a batch that is only to be stamped anew are not refused for good.
    const refusedForGood = refused.filter(({ code }) => !isAhead || code !== 'batch-refused');
    const goesBack = refusedBatch(batches, refusedForGood);
    // What goes back must not be stamped anew: it would count as written since.
    const heeded = goesBack === undefined ? {} : { ahead: [] };
    for (const { member, answer } of answers) await member.heed(session, { ...answer, refused: [], ...heeded });
    if (goesBack !== undefined) await refuse(session, { batches, drafted, refused: goesBack });
  }

  async function isAnyRefused(batches: readonly string[]): Promise<boolean> {
    for (const batch of batches) if ((await readJournal(batch))?.refused !== undefined) return true;
    return false;
  }

  /**
   * All of them go back, each with its own reason or, innocent, with that of another. Written down first: if the session ends
   * when some of them have gone back, the rest must not be taken for a batch that the server has not seen yet.
   */
  async function refuse(session: Session, { batches, drafted, refused }: RefusedTogether): Promise<void> {
    const entries = drafted.flatMap(({ member, ids }) => ids.map((id) => ({ collection: member.name, id })));
    for (const batch of batches) await refuseJournal(batch, { entries, refused });
    const [first] = refused.guilty;
    const reason = `it belongs to a batch in which '${first?.id}' was refused: ${first?.reason}`;
    for (const { member, draft } of drafted) {
      const own = (row: LocalRow) =>
        refused.guilty.find(({ collection, id }) => collection === member.name && id === row.id);
      const rows = rowsOf([{ draft }]).map((row): RefusedPush => {
        const { code, reason: why } = own(row) ?? { code: 'batch-refused', reason };
        return { row, code, reason: why, batch: refused.batch };
      });
      await member.takeBack(session, rows);
    }
  }

  /** Nothing of them is pending. Those that were noted again meanwhile are looked at once more. */
  async function forget({ batches, noted }: Together): Promise<void> {
    for (const batch of batches) {
      if (unsent.get(batch) !== noted.get(batch)) continue;
      unsent.delete(batch);
      await removeJournal(batch);
    }
  }

  return {
    note(batches) {
      for (const batch of batches) unsent.set(batch, (unsent.get(batch) ?? 0) + 1);
      work.fire();
    },
    wake: work.fire,
    async run(session) {
      session.signal.addEventListener('abort', work.fire, { once: true });
      try {
        while (!session.signal.aborted) {
          const idle = work.next();
          if (!(await pushNext(session))) await idle;
        }
      } finally {
        // What this session had taken is free again only now: the next one may have found it taken, and waits.
        work.fire();
      }
    },
  };
}

function rowsOf(parts: readonly { readonly draft: Draft }[]): LocalRow[] {
  return parts.flatMap(({ draft }) => [...draft.pushed, ...draft.refused.map(({ row }) => row)]);
}

function toRefused({ name }: BatchMember, { row, code, reason }: RefusedPush): RefusedDocument {
  return { collection: name, id: row.id, code, reason };
}

/** Undefined: nothing was. */
function refusedBatch(batches: readonly string[], guilty: readonly RefusedDocument[]): RefusedBatch | undefined {
  return guilty.length === 0 ? undefined : { batch: batches[0] ?? '', guilty };
}

function firstOf([part]: readonly Part[]): JournalEntry {
  return { collection: part?.member.name ?? '', id: part?.ids[0] ?? '' };
}

/** Documents that are not worth sending. */
function faultOf(drafted: readonly DraftedPart[]): RefusedDocument[] {
  return drafted.flatMap(({ member, draft }) => draft.refused.map((each) => toRefused(member, each)));
}
