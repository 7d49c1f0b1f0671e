import { createClock, EMPTY_STATE, encodeState } from '@breakwater/crdt';
import type { Connected } from '@breakwater/protocol';
import { createManualScheduler } from '@breakwater/testing';
import type { RxCollection } from 'rxdb';
import { NEVER, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { LinkLostError, RequestError } from '../src/connection/errors.ts';
import type { Session } from '../src/connection/session.ts';
import type { Scheduler } from '../src/scheduler.ts';
import type { LocalRow } from '../src/storage/document-row.ts';
import type { LocalRows, PendingChange } from '../src/storage/local-rows.ts';
import { type CollectionSyncOptions, createCollectionSync } from '../src/sync/collection-sync.ts';
import type { CollectionRecord, RecordKeeper } from '../src/sync/record.ts';

const LIMITS: Connected['limits'] = {
  maxRowBytes: 1_000,
  maxMessageBytes: 10_000,
  maxPushRows: 10,
  maxBlobBytes: 1_000_000,
  maxMessagesPerSecond: 1_000,
  maxBytesPerSecond: 1_000_000,
};

/** A storage with one pending row, which is read when the test says so. */
function createSlowRows() {
  const reading = Promise.withResolvers<LocalRow[]>();
  const row = {
    id: 'a',
    state: { generation: '', registers: new Map([['title', { stamp: '1', value: 'Keel' }]]), partial: false },
    pending: new Set(['title']),
    seq: undefined,
    replaced: 0,
    batches: new Set(),
    document: { _rev: '1-a', _meta: { breakwater: { stamps: [['1', 'title']] } } },
  } as unknown as LocalRow;
  const rows: LocalRows = {
    clock: createClock({ now: () => 0 }),
    settledLwt: 0,
    read: (ids) => (ids.length === 0 ? Promise.resolve([]) : reading.promise),
    readRecent: (ids) => (ids.length === 0 ? Promise.resolve([]) : reading.promise),
    pendingOf: async () => [],
    knownOf: () => undefined,
    toRow: () => row,
    encode: () => new Uint8Array([1]),
    acknowledgeSoon: () => [],
    lateAcks: { count: 0, isAllowed: true, write: async () => {} },
    restamp: async () => [],
    mergeRows: async () => [],
    acknowledge: async () => [],
    acknowledgeRevoked: async () => [],
    replace: async () => [],
    async *all() {
      yield [];
    },
    async *scan() {
      yield [{ id: 'a', bytes: 1, height: 1 }];
    },
    localChanges$: NEVER,
  };
  return { rows, row, answerReads: () => reading.resolve([row]) };
}

const LAST_PAGE = { group: { rows: [], checkpoint: 0 }, last: true };

/** As much of a request as is looked at here. */
interface RequestBody {
  readonly type: string;
  readonly checkpoint?: number;
  readonly groups?: readonly { readonly rows: readonly { readonly base?: number }[] }[];
}

const LABELS_TEXT = '["crew"]';

interface QuietSessionOptions {
  readonly epoch?: string;
  /** By what was asked; without one there is no answer. */
  readonly answers?: { readonly [type: string]: Answer };
}

type Answer = (body: RequestBody) => Promise<unknown>;

/** A session that answers a pull with an empty last page, and what else the test says. */
function createQuietSession({ epoch = 'one', answers = {} }: QuietSessionOptions = {}) {
  const answerByType = new Map<string, Answer>(Object.entries({ pull: async () => LAST_PAGE, ...answers }));
  const asked: string[] = [];
  const controller = new AbortController();
  const request = (body: RequestBody, onReply: (reply: unknown) => unknown) => {
    if (controller.signal.aborted) return Promise.reject(new LinkLostError());
    asked.push(body.type);
    const answer = answerByType.get(body.type);
    return answer === undefined ? new Promise(() => {}) : answer(body).then(onReply);
  };
  const session = {
    connected: { limits: LIMITS, epoch, labels: ['crew'] },
    signal: controller.signal,
    request,
  } as unknown as Session;
  return { session, asked, lose: () => controller.abort(new LinkLostError()) };
}

function createRecord(known: Partial<CollectionRecord> = {}): RecordKeeper<CollectionRecord> {
  let value: CollectionRecord = {
    epoch: 'one',
    checkpoint: 0,
    cleanLwt: 0,
    isPulled: false,
    resend: false,
    sweep: false,
    labels: LABELS_TEXT,
    clockMs: 0,
    collectionRev: '',
    ...known,
  };
  return {
    get value() {
      return value;
    },
    async set(change) {
      value = { ...value, ...change };
    },
  };
}

function startSync(
  rows: LocalRows,
  record = createRecord(),
  scheduler: Scheduler = createManualScheduler(),
  onError: CollectionSyncOptions['onError'] = () => {},
) {
  return createCollectionSync({
    collection: { name: 'notes' } as RxCollection,
    rows,
    record,
    scheduler,
    onChange: () => {},
    refusedBefore: [],
    inbox: { keep: async () => {}, forget: async () => {}, conclude: async () => {} },
    onError,
    onPushAcknowledged: () => {},
    onBatches: () => {},
    onWork: () => {},
  });
}

/** News of one row, which reaches up to seq 5. */
const NEWS = {
  collection: 'notes',
  rows: [{ id: 'b', seq: 5, deleted: false, bytes: encodeState(EMPTY_STATE) }],
  checkpoint: 5,
};

/** A storage without anything pending, which takes rows when the test says so. */
function createHeldRows() {
  const storing = Promise.withResolvers<PendingChange[]>();
  const { rows } = createSlowRows();
  const held: LocalRows = {
    ...rows,
    mergeRows: () => storing.promise,
    async *scan() {
      yield [];
    },
  };
  return { rows: held, store: (changes: PendingChange[] = []) => storing.resolve(changes) };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('the sync of a collection', () => {
  it('[SY2] a row that a lost session was still reading is pushed over the next one', async () => {
    const { rows, answerReads } = createSlowRows();
    const sync = startSync(rows);
    const first = createQuietSession();
    const lost = sync.run(first.session).catch((error: unknown) => error);
    await settle();
    first.lose();
    const second = createQuietSession();
    void sync.run(second.session);
    await settle();
    answerReads();
    expect(await lost).toBeInstanceOf(LinkLostError);
    await settle();
    expect(second.asked).toContain('push');
  });

  it('[BT5] what is heard late of a batch that was stored meanwhile does not stay pending', async () => {
    const { rows } = createSlowRows();
    const stored = { id: 'a', pending: new Set(), batches: new Set() } as unknown as LocalRow;
    const late: LocalRows = {
      ...rows,
      read: async () => [stored],
      pendingOf: async () => [{ id: 'a', bytes: 0, height: 1 }],
      async *scan() {
        yield [{ id: 'a', bytes: 1, height: 1, batches: ['b'] }];
      },
    };
    const sync = startSync(late);
    await sync.scan();
    expect(sync.pendingRows).toBe(1);
    expect(await sync.member.read(['a'])).toEqual([stored]);
    expect(sync.pendingRows).toBe(0);
  });

  it('[SY2] what only a merge left pending is pushed', async () => {
    const { rows, answerReads } = createSlowRows();
    const merging: LocalRows = {
      ...rows,
      mergeRows: async () => [{ id: 'a', bytes: 1, height: 2 }],
      async *scan() {
        yield [];
      },
    };
    const sync = startSync(merging);
    const { session, asked } = createQuietSession();
    void sync.run(session);
    await settle();
    expect(asked).not.toContain('push');
    answerReads();
    const row = { id: 'a', seq: 1, deleted: false, bytes: encodeState(EMPTY_STATE) };
    await sync.receive(session, { collection: 'notes', rows: [row], checkpoint: 1 });
    await settle();
    expect(asked).toContain('push');
  });

  it('[SY2] what is only to be sent as a whole is pushed once it stands alone', async () => {
    const { rows, answerReads } = createSlowRows();
    const whole: LocalRows = {
      ...rows,
      mergeRows: async () => [{ id: 'a', bytes: 0, height: 2 }],
      async *scan() {
        yield [{ id: 'a', bytes: 1, height: 1, batches: ['b'] }];
      },
    };
    const record = createRecord();
    await record.set({ resend: true });
    const sync = startSync(whole, record);
    const { session, asked } = createQuietSession();
    void sync.run(session);
    await settle();
    expect(asked).not.toContain('push');
    answerReads();
    const row = { id: 'a', seq: 1, deleted: false, bytes: encodeState(EMPTY_STATE) };
    await sync.receive(session, { collection: 'notes', rows: [row], checkpoint: 1 });
    await settle();
    expect(asked).toContain('push');
  });

  it('[SY2] a document that is neither here nor on the server is not pushed, not even as a whole', async () => {
    const { rows } = createSlowRows();
    const document = { _rev: '1-a', _meta: { breakwater: { stamps: [] } } };
    const nowhere = { id: 'a', document, pending: new Set(), batches: new Set() } as unknown as LocalRow;
    const record = createRecord();
    await record.set({ resend: true });
    const sync = startSync({ ...rows, readRecent: async (ids) => (ids.length === 0 ? [] : [nowhere]) }, record);
    const { session, asked } = createQuietSession();
    void sync.run(session);
    await settle();
    expect([asked, sync.pendingRows]).toEqual([['pull'], 0]);
  });

  it('[PG6] a pull from 0 removes what a run that crashed had pulled, and the server has dropped since', async () => {
    const replaced: string[] = [];
    const known = { id: 'gone', seq: 0, pending: new Set(), batches: new Set() } as unknown as LocalRow;
    const rows: LocalRows = {
      ...createSlowRows().rows,
      async *scan() {
        yield [];
      },
      async *all() {
        yield [known];
      },
      async replace(replacements) {
        replaced.push(...replacements.map(({ id }) => id));
        return [];
      },
    };
    const record = createRecord();
    const sync = startSync(rows, record);
    void sync.run(createQuietSession().session);
    await settle();
    expect([replaced, record.value.sweep]).toEqual([['gone'], false]);
  });

  it('[PG6] a lost session that was still looking for such rows does not keep the next one from pushing', async () => {
    const looking = Promise.withResolvers<void>();
    let looks = 0;
    const known = { id: 'a', seq: 0, pending: new Set(), batches: new Set() } as unknown as LocalRow;
    const rows: LocalRows = {
      ...createSlowRows().rows,
      async *all() {
        if (++looks > 1) return;
        await looking.promise;
        yield [known];
      },
    };
    const record = createRecord();
    const sync = startSync(rows, record);
    const [first, second] = [createQuietSession(), createQuietSession()];
    void sync.run(first.session).catch(() => {});
    await settle();
    first.lose();
    void sync.run(second.session);
    await settle();
    looking.resolve();
    await settle();
    expect(record.value.sweep).toBe(false);
  });

  it('[EP4] a save while every row is being looked at again does not call the collection clean', async () => {
    const looking = Promise.withResolvers<void>();
    const rows: LocalRows = {
      ...createSlowRows().rows,
      async *scan(_lwt, whole) {
        yield [];
        if (whole) await looking.promise;
      },
    };
    const [record, scheduler] = [createRecord(), createManualScheduler()];
    const sync = startSync(rows, record, scheduler);
    await sync.scan();
    void sync.run(createQuietSession({ epoch: 'another' }).session);
    await scheduler.advanceAsync(1_000);
    expect([record.value.resend, sync.isScanned]).toEqual([true, false]);
    looking.resolve();
    await settle();
    expect(sync.isScanned).toBe(true);
  });

  it('[EP4] a look at every row that another epoch has overtaken does not count', async () => {
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const rows: LocalRows = {
      ...createSlowRows().rows,
      async *scan(_lwt, whole) {
        yield [];
        await (whole ? second : first).promise;
      },
    };
    const sync = startSync(rows);
    const overtaken = sync.scan();
    await settle();
    void sync.run(createQuietSession({ epoch: 'another' }).session);
    first.resolve();
    await overtaken;
    expect(sync.isScanned).toBe(false);
    second.resolve();
    await settle();
    expect(sync.isScanned).toBe(true);
  });

  it('[EP2] a server of another epoch is asked for everything from the start', async () => {
    const checkpoints: (number | undefined)[] = [];
    const pull = async ({ checkpoint }: RequestBody) => {
      checkpoints.push(checkpoint);
      return LAST_PAGE;
    };
    const sync = startSync(createHeldRows().rows, createRecord({ checkpoint: 7 }));
    for (const epoch of ['one', 'another']) {
      const { session, lose } = createQuietSession({ epoch, answers: { pull } });
      void sync.run(session).catch(() => {});
      await settle();
      lose();
    }
    expect(checkpoints).toEqual([7, 0]);
  });

  it('[EP3] what the server must have in full it gets in full', async () => {
    const { rows, row } = createSlowRows();
    const bases: unknown[] = [];
    const push = async ({ groups = [] }: RequestBody) => {
      await settle();
      bases.push(...groups.flatMap((group) => group.rows.map(({ base }) => base)));
      if (bases.length > 1) await new Promise(() => {});
      return { groups: [{ collection: 'notes', results: [{ kind: 'send-full' }], checkpoint: 0 }] };
    };
    const sync = startSync({ ...rows, readRecent: async (ids) => ids.map(() => ({ ...row, seq: 3 })) });
    void sync.run(createQuietSession({ answers: { push } }).session);
    await expect.poll(() => bases).toEqual([3, undefined]);
  });
});

describe('what the sync of a collection never does', () => {
  it('[MU4] move the checkpoint before the rows are stored', async () => {
    const { rows, store } = createHeldRows();
    const [record, scheduler] = [createRecord(), createManualScheduler()];
    const stored = startSync(rows, record, scheduler).receive(createQuietSession().session, NEWS);
    await scheduler.advanceAsync(1_000);
    expect(record.value.checkpoint).toBe(0);
    store();
    await stored;
    await scheduler.advanceAsync(1_000);
    expect(record.value.checkpoint).toBe(5);
  });

  it('[MU5] move the checkpoint by what a session that has ended had said', async () => {
    const { rows, store } = createHeldRows();
    const [record, scheduler] = [createRecord(), createManualScheduler()];
    const { session, lose } = createQuietSession();
    const stored = startSync(rows, record, scheduler).receive(session, NEWS);
    lose();
    store();
    await stored;
    await scheduler.advanceAsync(1_000);
    expect(record.value.checkpoint).toBe(0);
  });

  it('[MU5] store what such a session had said and nobody had begun to store', async () => {
    const { rows, store } = createHeldRows();
    const merged: string[] = [];
    const mergeRows: LocalRows['mergeRows'] = (remote) => {
      merged.push(...remote.map(({ id }) => id));
      return rows.mergeRows(remote);
    };
    const sync = startSync({ ...rows, mergeRows });
    const { session, lose } = createQuietSession();
    const later = { ...NEWS, rows: NEWS.rows.map((row) => ({ ...row, id: 'later' })) };
    const both = [sync.receive(session, NEWS), sync.receive(session, later)];
    lose();
    store();
    await Promise.all(both);
    expect(merged).toEqual(['b']);
  });

  it('[MU5] count as pulled by a page that came too late to be stored', async () => {
    const { rows, store } = createHeldRows();
    const sync = startSync(rows);
    const { session, lose } = createQuietSession({ answers: { pull: async () => ({ group: NEWS, last: true }) } });
    const stored = sync.receive(session, NEWS);
    const run = sync.run(session);
    await settle();
    lose();
    store();
    await Promise.all([stored, run]);
    expect(sync.isPulled).toBe(false);
  });

  it('[MU6] save anything after stop()', async () => {
    const { rows, store } = createHeldRows();
    const [record, scheduler] = [createRecord(), createManualScheduler()];
    const sync = startSync(rows, record, scheduler);
    const stored = sync.receive(createQuietSession().session, NEWS);
    await sync.stop();
    store();
    await stored;
    await scheduler.advanceAsync(1_000);
    expect(record.value.checkpoint).toBe(0);
  });

  it('[AR9] call the collection clean while acks are still to be written', async () => {
    const cleanLwtWith = async (count: number) => {
      const record = createRecord();
      const lateAcks = { count, isAllowed: true, write: async () => {} };
      const { rows } = createSlowRows();
      const sync = startSync({ ...rows, settledLwt: 100_000, lateAcks, async *scan() {} }, record);
      await sync.scan();
      await sync.stop();
      return record.value.cleanLwt;
    };
    expect([await cleanLwtWith(1), await cleanLwtWith(0)]).toEqual([0, 40_000]);
  });

  it('[MU6] push after stop()', async () => {
    const { rows, store } = createHeldRows();
    const { row } = createSlowRows();
    const sync = startSync({ ...rows, readRecent: async (ids) => ids.map(() => row) });
    const { session, asked } = createQuietSession();
    void sync.run(session);
    const stored = sync.receive(session, NEWS);
    await settle();
    await sync.stop();
    store([{ id: 'a', bytes: 1, height: 2 }]);
    await stored;
    await settle();
    expect(asked).toEqual(['pull']);
  });

  it('[MU6] begin anything after stop()', async () => {
    const entering = Promise.withResolvers<void>();
    const record = createRecord({ epoch: '' });
    const sync = startSync(createHeldRows().rows, {
      get value() {
        return record.value;
      },
      set: (change) => (change.epoch === 'one' ? entering.promise : record.set(change)),
    });
    const { session, asked } = createQuietSession();
    const run = sync.run(session);
    await sync.stop();
    entering.resolve();
    await run;
    expect(asked).toEqual([]);
  });

  it('[MU7] push before the server has answered a pull', async () => {
    const pulling = Promise.withResolvers<unknown>();
    const { rows, answerReads } = createSlowRows();
    answerReads();
    const sync = startSync(rows);
    const { session, asked } = createQuietSession({ answers: { pull: () => pulling.promise } });
    void sync.run(session);
    await settle();
    expect([asked, sync.member.mayPush(session)]).toEqual([['pull'], false]);
    pulling.resolve(LAST_PAGE);
    await settle();
    expect([asked, sync.member.mayPush(session)]).toEqual([['pull', 'push'], true]);
  });

  it('[MU7] push before a sweep is over', async () => {
    const pages = [{ ...LAST_PAGE, last: false }];
    const pulling = Promise.withResolvers<unknown>();
    const { rows, answerReads } = createSlowRows();
    answerReads();
    const sync = startSync(rows, createRecord({ sweep: 'purged' }));
    const pull = async () => pages.pop() ?? (await pulling.promise);
    const { session, asked } = createQuietSession({ answers: { pull } });
    void sync.run(session);
    await settle();
    expect([asked, sync.member.mayPush(session)]).toEqual([['pull', 'pull'], false]);
    pulling.resolve(LAST_PAGE);
    await settle();
    expect([asked, sync.member.mayPush(session)]).toEqual([['pull', 'pull', 'push'], true]);
  });

  it('[MU14] let a row that cannot be read hold up the others: it is named, and left out', async () => {
    const { rows } = createHeldRows();
    const merged: string[] = [];
    const errors: { code: string; message: string }[] = [];
    const mergeRows: LocalRows['mergeRows'] = async (remote) => {
      merged.push(...remote.map(({ id }) => id));
      return [];
    };
    const [record, scheduler] = [createRecord(), createManualScheduler()];
    const sync = startSync({ ...rows, mergeRows }, record, scheduler, (error) => errors.push(error));
    const broken = { id: 'broken', seq: 4, deleted: false, bytes: Uint8Array.of(1, 2, 3) };
    await sync.receive(createQuietSession().session, { ...NEWS, rows: [broken, ...NEWS.rows] });
    await scheduler.advanceAsync(1_000);
    expect([merged, record.value.checkpoint]).toEqual([['b'], 5]);
    expect(errors).toMatchObject([{ code: 'row-unreadable', message: expect.stringContaining("'broken'") }]);
  });

  it('[MU15] take for purged what a server that was set back has lost', async () => {
    const { rows, row } = createSlowRows();
    const heard: unknown[] = [];
    const setBack: LocalRows = {
      ...rows,
      readRecent: async (ids) => ids.map(() => row),
      async mergeRows(_remote, keepForgotten) {
        heard.push(keepForgotten);
        return [];
      },
      async acknowledge(_acknowledged, options) {
        heard.push(options?.isAnotherLife);
        return [{ id: 'a', bytes: 0, height: 1 }];
      },
    };
    const push = async () => ({
      groups: [{ collection: 'notes', results: [{ kind: 'stored', seq: 6 }], checkpoint: 6 }],
    });
    const pull = async () => ({ group: NEWS, last: true });
    const sync = startSync(setBack, createRecord({ epoch: 'before it was set back' }));
    void sync.run(createQuietSession({ answers: { pull, push } }).session);
    await settle();
    expect(heard).toEqual([undefined, true]);
  });

  it('[BI9] offer a server in the same session what it has no collection for', async () => {
    const { rows, answerReads } = createSlowRows();
    answerReads();
    const sync = startSync(rows);
    const pull = () => Promise.reject(new RequestError('unknown-collection', 'no such collection'));
    const { session, asked } = createQuietSession({ answers: { pull } });
    void sync.run(session);
    await settle();
    expect([asked, sync.pendingRows, sync.isInSync]).toEqual([['pull'], 1, true]);
  });

  it('[PG3] take a sweep for over whose session ended before everything was removed', async () => {
    const { rows, store } = createHeldRows();
    const removed: string[] = [];
    const gone = { id: 'gone', seq: 1 } as LocalRow;
    const sweeping: LocalRows = {
      ...rows,
      async replace(refused) {
        removed.push(...refused.map(({ id }) => id));
        return [];
      },
      async *all() {
        yield [gone];
      },
    };
    const record = createRecord({ sweep: 'purged' });
    const sync = startSync(sweeping, record);
    const answers = { pull: async () => ({ group: NEWS, last: true }) };
    const [first, second] = [createQuietSession({ answers }), createQuietSession({ answers })];
    const lost = sync.run(first.session);
    await settle();
    first.lose();
    store();
    await lost;
    expect([removed, record.value.sweep]).toEqual([[], 'purged']);
    void sync.run(second.session);
    await settle();
    expect([removed, record.value.sweep]).toEqual([['gone'], false]);
  });

  it('[MU8] push a row alone that has become part of a batch while it was read', async () => {
    const { rows, row } = createSlowRows();
    const reading = Promise.withResolvers<LocalRow[]>();
    const localChanges$ = new Subject<PendingChange[]>();
    const read = (ids: readonly string[]) => (ids.length === 0 ? Promise.resolve([]) : reading.promise);
    const sync = startSync({ ...rows, read, localChanges$ });
    const { session, asked } = createQuietSession();
    void sync.run(session);
    await settle();
    localChanges$.next([{ id: 'a', bytes: 1, height: 2, batches: ['1'] }]);
    reading.resolve([{ ...row, batches: new Set(['1']) }]);
    await settle();
    expect(asked).toEqual(['pull']);
  });

  it('[MU9] count as caught up before what was pulled is stored', async () => {
    const { rows, store } = createHeldRows();
    const sync = startSync(rows);
    const { session } = createQuietSession({ answers: { pull: async () => ({ group: NEWS, last: true }) } });
    void sync.run(session);
    await settle();
    expect([sync.isCaughtUp, sync.isInSync]).toEqual([false, false]);
    store();
    await settle();
    expect([sync.isCaughtUp, sync.isInSync]).toEqual([true, true]);
  });

  it('[MU10] stamp a row anew again and again: refused for its stamps a second time, it is the user’s to see', async () => {
    const { rows, answerReads } = createSlowRows();
    answerReads();
    const done: string[] = [];
    let pushes = 0;
    const refuse = async () => {
      await settle();
      pushes += 1;
      if (pushes === 3) await new Promise(() => {});
      const result = { kind: 'refused', code: 'clock-ahead', reason: 'a day ahead' };
      return { groups: [{ collection: 'notes', results: [result], checkpoint: 0 }] };
    };
    const note = (what: string) => async () => {
      done.push(what);
      return [{ id: 'a', bytes: 1, height: 2 }];
    };
    const sync = startSync({ ...rows, restamp: note('restamp'), replace: note('replace') });
    const { session } = createQuietSession({ answers: { push: refuse, get: async () => ({}) } });
    void sync.run(session);
    await expect.poll(() => done).toEqual(['restamp', 'replace']);
  });
});
