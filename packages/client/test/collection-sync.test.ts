import { createClock, EMPTY_STATE, encodeState } from '@breakwater/crdt';
import type { Connected } from '@breakwater/protocol';
import { createManualScheduler } from '@breakwater/testing';
import type { RxCollection } from 'rxdb';
import { NEVER } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { LinkLostError } from '../src/connection/errors.ts';
import type { Session } from '../src/connection/session.ts';
import type { Scheduler } from '../src/scheduler.ts';
import type { LocalRow } from '../src/storage/document-row.ts';
import type { LocalRows } from '../src/storage/local-rows.ts';
import { createCollectionSync } from '../src/sync/collection-sync.ts';
import type { CollectionRecord, RecordKeeper } from '../src/sync/record.ts';

const LIMITS: Connected['limits'] = {
  maxRowBytes: 1_000,
  maxMessageBytes: 10_000,
  maxPushRows: 10,
  maxBlobBytes: 1_000_000,
};

/** A storage with one pending row, which is read when the test says so. */
function createSlowRows() {
  const reading = Promise.withResolvers<LocalRow[]>();
  const row = {
    id: 'a',
    state: { generation: '', registers: new Map(), partial: false },
    pending: new Set(['title']),
    seq: undefined,
    replaced: 0,
    batches: new Set(),
  } as unknown as LocalRow;
  const rows: LocalRows = {
    clock: createClock({ now: () => 0 }),
    settledLwt: 0,
    read: (ids) => (ids.length === 0 ? Promise.resolve([]) : reading.promise),
    pendingOf: async () => [],
    knownOf: () => undefined,
    toRow: () => row,
    restamp: async () => [],
    mergeRows: async () => [],
    acknowledge: async () => [],
    replace: async () => [],
    async *all() {
      yield [];
    },
    async *scan() {
      yield [{ id: 'a', bytes: 1, height: 1 }];
    },
    localChanges$: NEVER,
  };
  return { rows, answerReads: () => reading.resolve([row]) };
}

/** A session that answers a pull with an empty last page, and nothing else. */
function createQuietSession(epoch = 'one') {
  const asked: string[] = [];
  const controller = new AbortController();
  const request = (body: { type: string }, onReply: (page: unknown) => unknown) => {
    if (controller.signal.aborted) return Promise.reject(new LinkLostError());
    asked.push(body.type);
    if (body.type !== 'pull') return new Promise(() => {});
    return Promise.resolve(onReply({ group: { rows: [], checkpoint: 0 }, last: true }));
  };
  const session = { connected: { limits: LIMITS, epoch }, signal: controller.signal, request } as unknown as Session;
  return { session, asked, lose: () => controller.abort(new LinkLostError()) };
}

function createRecord(): RecordKeeper<CollectionRecord> {
  let value: CollectionRecord = {
    epoch: 'one',
    checkpoint: 0,
    cleanLwt: 0,
    isPulled: false,
    resend: false,
    sweep: false,
    clockMs: 0,
    collectionRev: '',
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

function startSync(rows: LocalRows, record = createRecord(), scheduler: Scheduler = createManualScheduler()) {
  return createCollectionSync({
    collection: { name: 'notes' } as RxCollection,
    rows,
    record,
    scheduler,
    onChange: () => {},
    refusedBefore: [],
    keepRefused: async () => {},
    onError: () => {},
    onPushAcknowledged: () => {},
    onBatches: () => {},
    onWork: () => {},
  });
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
    void sync.run(createQuietSession('another').session);
    await scheduler.advanceAsync(1_000);
    expect([record.value.resend, sync.isScanned]).toEqual([true, false]);
    looking.resolve();
    await settle();
    expect(sync.isScanned).toBe(true);
  });
});
