import { EMPTY_STATE } from '@breakwater/crdt';
import type { Connected } from '@breakwater/protocol';
import { describe, expect, it } from 'vitest';
import type { Session } from '../src/connection/session.ts';
import type { LocalRow } from '../src/storage/document-row.ts';
import { type BatchMember, createBatchUp } from '../src/sync/batch-up.ts';
import type { Journal } from '../src/sync/journal.ts';
import type { Answer, RefusedPush } from '../src/sync/up.ts';

const LIMITS: Connected['limits'] = {
  maxRowBytes: 1_000,
  maxMessageBytes: 10_000,
  maxPushRows: 10,
  maxBlobBytes: 1_000_000,
  maxMessagesPerSecond: 1_000,
  maxBytesPerSecond: 1_000_000,
};
const STORED: Answer = { refused: [], ahead: [], done: Promise.resolve() };

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A collection with pending rows, by id the batches that each is a part of. */
function createMember(name: string, batchesById: { [id: string]: string[] }) {
  const taken = new Set<string>();
  const takenBack: RefusedPush[] = [];
  const heeded: Answer[] = [];
  const rowOf = (id: string) => {
    return {
      id,
      state: EMPTY_STATE,
      pending: new Set(['title']),
      batches: new Set(batchesById[id]),
    } as unknown as LocalRow;
  };
  let heard: readonly LocalRow[] = [];
  const forget = (rows: readonly LocalRow[]) => {
    for (const { id } of rows) delete batchesById[id];
  };
  const member: BatchMember = {
    name,
    mayPush: () => true,
    batchedIds: () => Object.keys(batchesById),
    takeAll(ids) {
      if (ids.some((id) => taken.has(id))) return false;
      for (const id of ids) taken.add(id);
      return true;
    },
    release(ids) {
      for (const id of ids) taken.delete(id);
    },
    read: async (ids) => ids.filter((id) => id in batchesById).map(rowOf),
    draft: async (ids) => {
      const rows = ids.map((id) => ({ id, seq: 0, deleted: false, bytes: new Uint8Array() }));
      return { rows, pushed: ids.map(rowOf), parts: ids.map(() => EMPTY_STATE), refused: [] };
    },
    hear(_session, _group, { pushed }) {
      heard = pushed;
      return STORED;
    },
    async heed(_session, answer) {
      heeded.push(answer);
      forget(heard);
    },
    async takeBack(_session, refused) {
      takenBack.push(...refused);
      forget(refused.map(({ row }) => row));
    },
  };
  return { member, taken, takenBack, heeded };
}

function createJournals(entriesByBatch: { [batch: string]: string[] }) {
  const journals = new Map<string, Journal>();
  Object.entries(entriesByBatch).forEach(([batch, documents], startedAt) => {
    const entries = documents.map((text) => ({ collection: text.slice(0, 1), id: text.slice(2) }));
    journals.set(batch, { batch, state: 'written', entries, startedAt });
  });
  return journals;
}

function createUp(members: readonly BatchMember[], journals: Map<string, Journal>) {
  return createBatchUp({
    members: () => members,
    readJournal: async (batch) => journals.get(batch),
    async refuseJournal(batch, { refused }) {
      const journal = journals.get(batch);
      if (journal) journals.set(batch, { ...journal, refused });
    },
    async removeJournal(batch) {
      journals.delete(batch);
    },
  });
}

/** A session whose server acknowledges every push. */
function createSession() {
  const pushes: string[][] = [];
  const controller = new AbortController();
  const request = async (
    body: { groups: { collection: string; rows: { id: string }[] }[] },
    onReply: (ack: unknown) => unknown,
  ) => {
    pushes.push(body.groups.flatMap(({ collection, rows }) => rows.map(({ id }) => `${collection} ${id}`)));
    return onReply({ groups: [] });
  };
  const session = { connected: { limits: LIMITS }, signal: controller.signal, request } as unknown as Session;
  return { session, pushes, end: () => controller.abort() };
}

describe('batches on their way up', () => {
  it('[BT1] a document that becomes part of another batch while it is being read waits for all of that', async () => {
    const shared: { [id: string]: string[] } = { s: ['1'] };
    const a = createMember('a', shared);
    const others: { [id: string]: string[] } = {};
    const b = createMember('b', others);
    const journals = createJournals({ 1: ['a s'] });
    const { draft } = a.member;
    let isSecondBatchBegun = false;
    const slow: BatchMember = {
      ...a.member,
      async draft(ids, limits) {
        if (!isSecondBatchBegun) {
          isSecondBatchBegun = true;
          shared.s = ['1', '2'];
          const entries = ['a', 'b'].map((collection) => ({ collection, id: 's' }));
          journals.set('2', { batch: '2', state: 'writing', entries, startedAt: 2 });
        }
        return draft(ids, limits);
      },
    };
    const up = createUp([slow, b.member], journals);
    const { session, pushes } = createSession();
    up.note(['1']);
    void up.run(session);
    await settle();
    expect(pushes).toEqual([]);
    others.s = ['2'];
    const second = journals.get('2');
    if (second) journals.set('2', { ...second, state: 'written' });
    up.wake();
    await settle();
    expect(pushes[0]).toEqual(['a s', 'b s']);
  });

  it('[BT5] what a lost session was still busy with is pushed over the next one', async () => {
    const { member } = createMember('a', { s: ['1'] });
    const busy = Promise.withResolvers<void>();
    let isFirst = true;
    const slow: BatchMember = {
      ...member,
      async heed(session, answer) {
        if (isFirst) {
          isFirst = false;
          await busy.promise;
          throw new Error('the link is lost');
        }
        await member.heed(session, answer);
      },
    };
    const up = createUp([slow], createJournals({ 1: ['a s'] }));
    const [first, second] = [createSession(), createSession()];
    up.note(['1']);
    const lost = up.run(first.session).catch(() => {});
    await settle();
    first.end();
    void up.run(second.session);
    await settle();
    expect(second.pushes).toEqual([]);
    busy.resolve();
    await lost;
    await settle();
    expect(second.pushes).toEqual([['a s']]);
  });

  it('[MU7] wait until each of their collections may be pushed', async () => {
    const [a, b] = ['a', 'b'].map((name) => createMember(name, { s: ['1'] }).member);
    let mayPush = false;
    const members = [{ ...a, mayPush: () => mayPush }, b] as BatchMember[];
    const up = createUp(members, createJournals({ 1: ['a s', 'b s'] }));
    const { session, pushes } = createSession();
    up.note(['1']);
    void up.run(session);
    await settle();
    expect(pushes).toEqual([]);
    mayPush = true;
    up.wake();
    await settle();
    expect(pushes[0]).toEqual(['a s', 'b s']);
  });

  it('[BT5] of which not everything was stored is not forgotten', async () => {
    const { member } = createMember('a', { s: ['1'] });
    const journals = createJournals({ 1: ['a s'] });
    const { session, pushes } = createSession();
    const sendFull: BatchMember = {
      ...member,
      heed: async (heeding, answer) => (pushes.length === 1 ? undefined : member.heed(heeding, answer)),
    };
    const up = createUp([sendFull], journals);
    up.note(['1']);
    void up.run(session);
    await settle();
    expect([pushes, journals.size]).toEqual([[['a s'], ['a s']], 0]);
  });

  it('[BT2] what was refused stays refused when the session ends before all of it has gone back', async () => {
    const a = createMember('a', { s: ['1'] });
    const b = createMember('b', { s: ['1'] });
    const refused = [{ row: { id: 's' } as LocalRow, code: 'invalid', reason: 'no title' }];
    const guilty: BatchMember = { ...a.member, hear: () => ({ ...STORED, refused }) };
    const innocent: BatchMember = {
      ...b.member,
      hear: () => ({
        ...STORED,
        refused: [{ row: { id: 's' } as LocalRow, code: 'batch-refused', reason: 'another' }],
      }),
      async takeBack(session, rows) {
        if (session === first.session) throw new Error('the link is lost');
        return b.member.takeBack(session, rows);
      },
    };
    const journals = createJournals({ 1: ['a s', 'b s'] });
    const up = createUp([guilty, innocent], journals);
    const [first, second] = [createSession(), createSession()];
    up.note(['1']);
    await up.run(first.session).catch(() => first.end());
    expect(first.pushes).toEqual([['a s', 'b s']]);
    void up.run(second.session);
    await settle();
    expect(second.pushes).toEqual([]);
    expect(b.takenBack).toMatchObject([{ code: 'batch-refused', batch: '1' }]);
    expect(journals.size).toBe(0);
  });

  it('[BT2] a document that could not go back with the rest goes back later', async () => {
    const a = createMember('a', { s: ['1'] });
    const b = createMember('b', { s: ['1'] });
    const refused = [{ row: { id: 's' } as LocalRow, code: 'invalid', reason: 'no title' }];
    const guilty: BatchMember = { ...a.member, hear: () => ({ ...STORED, refused }) };
    let times = 0;
    const late: BatchMember = {
      ...b.member,
      hear: () => ({
        ...STORED,
        refused: [{ row: { id: 's' } as LocalRow, code: 'batch-refused', reason: 'another' }],
      }),
      heed: async () => {},
      takeBack: async (session, rows) => {
        if (++times > 1) await b.member.takeBack(session, rows);
      },
    };
    const journals = createJournals({ 1: ['a s', 'b s'] });
    const up = createUp([guilty, late], journals);
    const { session, pushes } = createSession();
    up.note(['1']);
    void up.run(session);
    await settle();
    expect([pushes.length, times, b.takenBack.length, journals.size]).toEqual([1, 2, 1, 0]);
  });

  it('[BT5] of which nothing is pending leaves no journal', async () => {
    const { member } = createMember('a', {});
    const journals = createJournals({ 1: ['a s'] });
    const up = createUp([member], journals);
    up.note(['1']);
    void up.run(createSession().session);
    await settle();
    expect(journals.size).toBe(0);
  });

  it('[MU13] of which one row is only to be stamped anew does not go back', async () => {
    const a = createMember('a', { s: ['1'] });
    const b = createMember('b', { s: ['1'] });
    const { session, end } = createSession();
    const ahead: BatchMember = {
      ...a.member,
      hear: () => ({ ...STORED, ahead: ['s'] }),
      async heed(heeding, answer) {
        await a.member.heed(heeding, answer);
        end();
      },
    };
    const refused = [{ row: { id: 's' } as LocalRow, code: 'batch-refused', reason: 'another is ahead' }];
    const innocent: BatchMember = { ...b.member, hear: () => ({ ...STORED, refused }) };
    const up = createUp([ahead, innocent], createJournals({ 1: ['a s', 'b s'] }));
    up.note(['1']);
    await up.run(session);
    expect(a.heeded.map((answer) => answer.ahead)).toEqual([['s']]);
    expect([a.takenBack, b.takenBack]).toEqual([[], []]);
  });

  it('[BT5] that was stored is remembered as long as the session that heard so had not done its part', async () => {
    const { member } = createMember('a', { s: ['1'] });
    const journals = createJournals({ 1: ['a s'] });
    const [first, second] = [createSession(), createSession()];
    const lost: BatchMember = { ...member, heed: async () => first.end() };
    await up(lost).run(first.session);
    expect(journals.has('1')).toBe(true);
    void up(member).run(second.session);
    await settle();
    expect([second.pushes, journals.has('1')]).toEqual([[['a s']], false]);

    function up(only: BatchMember) {
      const created = createUp([only], journals);
      created.note(['1']);
      return created;
    }
  });

  it('[BT2] what goes back is not stamped anew before', async () => {
    const a = createMember('a', { s: ['1'] });
    const b = createMember('b', { s: ['1'] });
    const ahead: BatchMember = { ...a.member, hear: () => ({ ...STORED, ahead: ['s'] }) };
    const refused = [{ row: { id: 's' } as LocalRow, code: 'invalid', reason: 'no title' }];
    const guilty: BatchMember = { ...b.member, hear: () => ({ ...STORED, refused }) };
    const up = createUp([ahead, guilty], createJournals({ 1: ['a s', 'b s'] }));
    up.note(['1']);
    void up.run(createSession().session);
    await settle();
    expect(a.heeded.map((answer) => answer.ahead)).toEqual([[]]);
    expect(a.takenBack).toHaveLength(1);
  });
});
