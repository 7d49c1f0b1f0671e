import type { LocalRows, PendingChange, Session } from '@breakwater/client/sync';
import type { Ack, AckGroup, DownMessage, Push } from '@breakwater/protocol';
import { map } from 'rxjs';
import type { Seams } from './seams.ts';

/** A guard of replication, and a world in which it is missing. */
export interface Mutant {
  /** What holds no more. */
  readonly guard: string;
  readonly seams: Seams;
  /** Does the guard matter only where the server may be set back? */
  readonly setBacks?: boolean;
}

/**
 * The guards that can be taken away from outside, through a part that is handed in anyway: what a wrapped part says is
 * what the loop would have done without the guard.
 */
export const MUTANTS: readonly Mutant[] = [
  { guard: 'a field that changed since it was pushed stays pending', seams: { rows: acknowledgeWhatIsThere } },
  { guard: 'the checkpoint moves after the rows are stored', seams: { rows: answerBeforeStoring } },
  { guard: 'a late ack does not hide a newer local write', seams: { rows: withoutHeights } },
  { guard: 'what is pending on the disk is found at the start', seams: { rows: withoutScan } },
  { guard: 'a write over a document that has changed is refused, read and merged again', seams: { compares: false } },
  { guard: 'frames are applied in the order of their sending', seams: { nextDown: (random, n) => random.int(n) } },
  { guard: 'a push whose outcome is unknown is sent again', seams: { session: believeLostPushes } },
  { guard: "an ack's checkpoint passes over no row of others", seams: { say: passOverOthers } },
  { guard: 'news that find no room are sent later', seams: { saysWhenFull: false, say: dropWhenFull } },
  { guard: 'a commit is durable before its ack', seams: { answersEarly: true } },
  {
    guard: 'every row is sent in full to a server that was set back',
    seams: { record: withoutResend },
    setBacks: true,
  },
  { guard: 'a server that was set back takes a new epoch', seams: { keepsEpoch: true }, setBacks: true },
];

/** With the getters of the original. */
function override<T extends object>(original: T, changes: Partial<T>): T {
  return Object.assign(Object.create(original), changes);
}

function acknowledgeWhatIsThere(rows: LocalRows): LocalRows {
  return override(rows, {
    async acknowledge(acknowledged) {
      const current = new Map((await rows.read(acknowledged.map(({ id }) => id))).map((row) => [row.id, row]));
      return rows.acknowledge(acknowledged.map((each) => ({ ...each, pushed: current.get(each.id) ?? each.pushed })));
    },
  });
}

function answerBeforeStoring(rows: LocalRows): LocalRows {
  let storing: Promise<unknown> = Promise.resolve();
  return override(rows, {
    async mergeRows(...args) {
      storing = storing.then(() => rows.mergeRows(...args));
      return [];
    },
    // Still in order: nothing but the answer comes too early.
    async acknowledge(acknowledged) {
      await storing;
      return rows.acknowledge(acknowledged);
    },
  });
}

function withoutHeights(rows: LocalRows): LocalRows {
  const flat = (changes: readonly PendingChange[]) => changes.map((change) => ({ ...change, height: 0 }));
  return override(rows, {
    mergeRows: async (...args) => flat(await rows.mergeRows(...args)),
    acknowledge: async (acknowledged) => flat(await rows.acknowledge(acknowledged)),
    localChanges$: rows.localChanges$.pipe(map(flat)),
    async *scan(lwt, whole) {
      for await (const changes of rows.scan(lwt, whole)) yield flat(changes);
    },
  });
}

function withoutScan(rows: LocalRows): LocalRows {
  return override(rows, {
    async *scan() {
      yield [];
    },
  });
}

/** The session counts as live, or the loop would not store what is said on it. */
function believeLostPushes(session: Session): Session {
  const request: Session['request'] = (body, onReply) => {
    const asked = session.request(body, onReply);
    if (body.type !== 'push') return asked;
    return asked.catch(() => onReply(ackOf(body as unknown as Push) as never));
  };
  return { ...withoutEnd(session), request };
}

function ackOf({ groups }: Push): Ack {
  const stored = (group: Push['groups'][number]): AckGroup => ({
    collection: group.collection,
    results: group.rows.map(({ base }) => ({ kind: 'stored', seq: base ?? 1 })),
    checkpoint: 0,
  });
  return { type: 'ack', request: 0, groups: groups.map(stored) };
}

function withoutEnd(session: Session): Session {
  return { ...session, signal: new AbortController().signal };
}

type Record = Parameters<NonNullable<Seams['record']>>[0];

function withoutResend(record: Record): Record {
  return override(record, { set: (change) => record.set({ ...change, resend: false }) });
}

function passOverOthers(message: DownMessage): DownMessage {
  if (message.type !== 'ack') return message;
  return { ...message, groups: message.groups.map((group) => ({ ...group, checkpoint: highestSeq(group) })) };
}

function highestSeq({ results }: AckGroup): number {
  return Math.max(0, ...results.map((result) => (result.kind === 'stored' ? result.seq : 0)));
}

function dropWhenFull(message: DownMessage, waiting: number): DownMessage | undefined {
  return message.type === 'rows' && waiting >= 4 ? undefined : message;
}
