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
};
const STORED: Answer = { refused: [], ahead: [], stored: 1, done: Promise.resolve() };

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
      return { rows, pushed: ids.map(rowOf), refused: [] };
    },
    hear: () => STORED,
    async heed(_session, answer) {
      heeded.push(answer);
    },
    async takeBack(_session, refused) {
      takenBack.push(...refused);
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
      async heed() {
        if (isFirst) {
          isFirst = false;
          await busy.promise;
          throw new Error('the link is lost');
        }
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

  it('[BT2] what was refused stays refused when the session ends before all of it has gone back', async () => {
    const a = createMember('a', { s: ['1'] });
    const b = createMember('b', { s: ['1'] });
    const refused = [{ row: { id: 's' } as LocalRow, code: 'invalid', reason: 'no title' }];
    const guilty: BatchMember = { ...a.member, hear: () => ({ ...STORED, refused, stored: 0 }) };
    const innocent: BatchMember = {
      ...b.member,
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

  it('[BT2] what goes back is not stamped anew before', async () => {
    const a = createMember('a', { s: ['1'] });
    const b = createMember('b', { s: ['1'] });
    const ahead: BatchMember = { ...a.member, hear: () => ({ ...STORED, ahead: ['s'], stored: 0 }) };
    const refused = [{ row: { id: 's' } as LocalRow, code: 'invalid', reason: 'no title' }];
    const guilty: BatchMember = { ...b.member, hear: () => ({ ...STORED, refused, stored: 0 }) };
    const up = createUp([ahead, guilty], createJournals({ 1: ['a s', 'b s'] }));
    up.note(['1']);
    void up.run(createSession().session);
    await settle();
    expect(a.heeded.map((answer) => answer.ahead)).toEqual([[]]);
    expect(a.takenBack).toHaveLength(1);
  });
});
