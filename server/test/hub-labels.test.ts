import type { DownMessage } from '@breakwater/protocol';
import { describe, expect, test } from 'vitest';
import { createManualScheduler } from '../../packages/testing/src/manual-scheduler.ts';
import type { LabelsOf } from '../src/labels.ts';
import { relabelAll } from '../src/relabel.ts';
import { createHubWorld, deltaOf, notes, resultsOf, rowOf } from './hub-world.ts';

/** A note is its team's. */
const byTeam: LabelsOf = (_collection, { team }) => (typeof team === 'string' ? [team] : []);

const inTeam = (id: string, team: string | null) => rowOf(id, { team });

/** Ids and seqs of what a peer was told of by news, and of what was revoked. */
function newsOf(heard: readonly DownMessage[]) {
  const groups = heard.flatMap((message) => (message.type === 'rows' ? message.groups : []));
  return {
    rows: groups.flatMap(({ rows }) => rows.map(({ id, seq }) => [id, seq])),
    revoked: groups.flatMap(({ revoked = [] }) => revoked.map(({ id, seq }) => [id, seq])),
  };
}

function pageOf(message: DownMessage | undefined) {
  if (message?.type !== 'page') throw new Error(`no page but ${JSON.stringify(message)}`);
  const { rows, revoked = [], checkpoint } = message.group;
  return { rows: rows.map(({ id }) => id), revoked: revoked.map(({ id }) => id), checkpoint };
}

function serveTeams(labelsOf: LabelsOf = byTeam) {
  const world = createHubWorld({ labelsOf });
  return {
    world,
    red: world.join('acme', ['red'], 'rosa'),
    blue: world.join('acme', ['blue'], 'bruno'),
    both: world.join('acme', ['red', 'blue'], 'olga'),
  };
}

describe('a row is read by its labels', () => {
  test('[LB1] those of the document as it is stored, with what was pushed merged in', async () => {
    const asked: unknown[] = [];
    const { red, both } = serveTeams((collection, document, row) => {
      asked.push([collection, document, row]);
      return byTeam(collection, document, row);
    });
    await both.push(notes(inTeam('a', 'red')));
    await both.push(notes(deltaOf('a', { title: 'Hull' }, 1)));
    expect(asked).toEqual([
      ['notes', { team: 'red' }, { tenant: 'acme', id: 'a' }],
      ['notes', { team: 'red', title: 'Hull' }, { tenant: 'acme', id: 'a' }],
    ]);
    expect(pageOf(red.pull())).toEqual({ rows: ['a'], revoked: [], checkpoint: 2 });
  });

  test('[LB1] without the hook by every session that has the name of its tenant as a label', async () => {
    const world = createHubWorld();
    await world.join().push(notes(rowOf('a', {})));
    expect(pageOf(world.join().pull()).rows).toEqual(['a']);
    expect(pageOf(world.join('acme', ['red']).pull()).rows).toEqual([]);
  });

  test("[LB1] one that has none is nobody's, and a hook may take its time over it", async () => {
    const { both, world } = serveTeams(async (...about) => byTeam(...about));
    await both.push(notes(inTeam('a', null), inTeam('b', 'red')));
    expect(pageOf(both.pull()).rows).toEqual(['b']);
    expect(world.store.row('acme', { collection: 'notes', id: 'a' })?.labels).toEqual([]);
  });

  test('[LB2] when it leaves them, followers are told at once that it is revoked, or of the row', async () => {
    const { red, blue, both } = serveTeams();
    for (const peer of [red, blue, both]) peer.pull();
    await both.push(notes(inTeam('a', 'red')));
    await both.push(notes(inTeam('a', 'blue')));
    expect(newsOf(red.heard)).toEqual({ rows: [['a', 1]], revoked: [['a', 2]] });
    expect(newsOf(blue.heard)).toEqual({ rows: [['a', 2]], revoked: [] });
  });

  test('[LB2] who was away is told on the next pull; of what came back, of the row only', async () => {
    const { red, both } = serveTeams();
    await both.push(notes(inTeam('a', 'red'), inTeam('b', 'red'), inTeam('c', 'red')));
    const { checkpoint } = pageOf(red.pull());
    await both.push(notes(inTeam('a', 'blue'), inTeam('b', 'blue')));
    await both.push(notes(inTeam('b', 'red')));
    expect(pageOf(red.pull(checkpoint))).toEqual({ rows: ['b'], revoked: ['a'], checkpoint: 6 });
    expect(pageOf(red.pull(6))).toEqual({ rows: [], revoked: [], checkpoint: 6 });
  });

  test('[LB2] who reads it by another label still, is told of the row', async () => {
    const { both, world } = serveTeams();
    both.pull();
    const writer = world.join('acme', ['red', 'blue']);
    await writer.push(notes(inTeam('a', 'red')));
    await writer.push(notes(inTeam('a', 'blue')));
    expect(newsOf(both.heard)).toEqual({
      rows: [
        ['a', 1],
        ['a', 2],
      ],
      revoked: [],
    });
  });

  test('[LB2] a session that lags is told when it drains', async () => {
    const { red, both } = serveTeams();
    await both.push(notes(inTeam('a', 'red')));
    red.pull();
    red.full = true;
    await both.push(notes(inTeam('a', 'blue')));
    expect(newsOf(red.heard).revoked).toEqual([]);
    red.full = false;
    red.member.drained();
    expect(newsOf(red.heard)).toEqual({ rows: [], revoked: [['a', 2]] });
  });

  test('[LB2] a device that begins is told of nothing that it never had', async () => {
    const { red, both } = serveTeams();
    await both.push(notes(inTeam('a', 'red')));
    await both.push(notes(inTeam('a', 'blue')));
    expect(pageOf(red.pull())).toEqual({ rows: [], revoked: [], checkpoint: 2 });
  });

  test('[LB3] what its writer may not read is stored, and the ack says so', async () => {
    const { red, blue } = serveTeams();
    red.pull();
    expect(resultsOf(await red.push(notes(inTeam('a', 'blue'), inTeam('b', 'red'))))).toEqual([
      { kind: 'stored', seq: 1, isRevoked: true },
      { kind: 'stored', seq: 2 },
    ]);
    expect(resultsOf(await red.push(notes(deltaOf('b', { team: 'blue' }, 2))))).toEqual([
      { kind: 'stored', seq: 3, isRevoked: true },
    ]);
    expect(pageOf(blue.pull()).rows).toEqual(['a', 'b']);
  });

  test('[LB4] a deleted row keeps the labels that it had', async () => {
    const { red, both } = serveTeams();
    red.pull();
    await both.push(notes(inTeam('a', 'red')));
    await both.push(notes(rowOf('a', { team: 'blue', _deleted: true })));
    expect(newsOf(red.heard)).toEqual({
      rows: [
        ['a', 1],
        ['a', 2],
      ],
      revoked: [],
    });
  });
});

describe('a hook that fails', () => {
  test('[LB5] by throwing or with another answer refuses its row, and no other', async () => {
    const labelsOf = (_collection: string, { team }: { readonly [name: string]: unknown }) => {
      if (team === 'none') throw new Error('no such team');
      return team === 'odd' ? ([7] as unknown as string[]) : ['red'];
    };
    const { red, world } = serveTeams(labelsOf);
    const results = resultsOf(await red.push(notes(inTeam('a', 'none'), inTeam('b', 'odd'), inTeam('c', 'red'))));
    const refused = { kind: 'refused', code: 'invalid', reason: 'the server cannot tell who may read this' };
    expect(results).toEqual([refused, refused, { kind: 'stored', seq: 1 }]);
    expect(world.logged).toEqual([
      'labelsOf failed for "a" of notes: no such team',
      'labelsOf failed for "b" of notes: it must answer a list of at most 1000 texts that are not empty',
    ]);
  });

  test('[LB5] by rejecting fails the push for now, and nothing of it is written', async () => {
    const { red, world } = serveTeams(() => Promise.reject(new Error('the directory is away')));
    expect(await red.push(notes(inTeam('a', 'red')))).toMatchObject({ type: 'error', code: 'storage-failed' });
    expect(world.store.head('acme', 'notes')).toBe(0);
    expect(world.logged).toEqual(['A push of acme failed: labelsOf failed for "a" of notes: the directory is away']);
  });

  test('[LB5] by never answering fails it after 20 s', async () => {
    const scheduler = createManualScheduler();
    const world = createHubWorld({ scheduler, labelsOf: () => new Promise(() => {}) });
    const pushed = world.join().push(notes(inTeam('a', 'red')));
    await expect.poll(() => scheduler.waiting).toBeGreaterThan(0);
    scheduler.advance(20_000);
    expect(await pushed).toMatchObject({ type: 'error', code: 'storage-failed' });
  });
});

describe('a push to a row that its writer may not read', () => {
  const forbidden = { kind: 'refused', code: 'forbidden', reason: 'this user may not write this' };

  test('[LB6] is not merged: what would be stored if it were not there is forbidden', async () => {
    const { red, blue, world } = serveTeams();
    await blue.push(notes(inTeam('a', 'blue')));
    expect(resultsOf(await red.push(notes(rowOf('a', { team: 'red', title: 'mine' }))))).toEqual([forbidden]);
    expect(world.store.row('acme', { collection: 'notes', id: 'a' })).toMatchObject({ seq: 1, labels: ['blue'] });
  });

  test('[LB6] a delta is asked for in full, stamps ahead are refused, as of a row that is not there', async () => {
    const { red, blue } = serveTeams();
    await blue.push(notes(inTeam('there', 'blue')));
    for (const id of ['there', 'not there']) {
      expect(resultsOf(await red.push(notes(deltaOf(id, { title: 'x' }, 1))))).toEqual([{ kind: 'send-full' }]);
    }
  });

  test('[LB6] the hook of rights is asked as about an insert, and its reason is the answer', async () => {
    const asked: unknown[] = [];
    const world = createHubWorld({
      labelsOf: byTeam,
      authorize: ({ user, before, after }) => {
        if (user !== 'rosa') return true;
        asked.push({ before, after });
        return 'rosa only looks on';
      },
    });
    const [red, blue] = [world.join('acme', ['red'], 'rosa'), world.join('acme', ['blue'], 'bruno')];
    await blue.push(notes(inTeam('there', 'blue')));
    const refused = { kind: 'refused', code: 'forbidden', reason: 'rosa only looks on' };
    for (const id of ['there', 'not there']) {
      expect(resultsOf(await red.push(notes(inTeam(id, 'red'))))).toEqual([refused]);
    }
    const insert = { before: undefined, after: { team: 'red' } };
    expect(asked).toEqual([insert, insert]);
  });

  test('[LB7] what was stored and comes again, because its ack was lost, is stored; it takes no seq', async () => {
    const { red, blue, world } = serveTeams();
    const row = inTeam('a', 'blue');
    await red.push(notes(row));
    await blue.push(notes(deltaOf('a', { title: 'Hull' }, 1)));
    expect(resultsOf(await red.push(notes(row)))).toEqual([{ kind: 'stored', seq: 2, isRevoked: true }]);
    expect(world.store.head('acme', 'notes')).toBe(2);
  });

  test('[LB7] what only pretends to come again is not: nobody knows the stamps of a row that they cannot read', async () => {
    const { red, blue } = serveTeams();
    const old = rowOf('a', { title: 'older' });
    await blue.push(notes(rowOf('a', { title: 'Hull', team: 'blue' })));
    expect(resultsOf(await red.push(notes(old)))).toEqual([forbidden]);
  });

  test('[LB6] of an atomic push nothing is stored', async () => {
    const { red, blue, world } = serveTeams();
    await blue.push(notes(inTeam('a', 'blue')));
    const results = resultsOf(await red.pushAtomic(notes(inTeam('b', 'red'), inTeam('a', 'red'))));
    expect(results).toMatchObject([{ code: 'batch-refused' }, { code: 'forbidden' }]);
    expect(world.store.head('acme', 'notes')).toBe(1);
  });
});

describe('a hook that was changed', () => {
  test('[LB11] rows keep their labels until they are written, or until it is asked about all of them again', async () => {
    let labelsOf = byTeam;
    const world = createHubWorld({ labelsOf: (...about) => labelsOf(...about) });
    const [red, blue] = [world.join('acme', ['red'], 'rosa'), world.join('acme', ['blue'], 'bruno')];
    const ids = Array.from({ length: 250 }, (_, i) => `n${i}`);
    await red.push(notes(...ids.map((id) => inTeam(id, 'red')), inTeam('b', 'blue')));
    red.pull();
    labelsOf = (...about) => (about[2].id === 'n1' ? ['blue'] : byTeam(...about));
    expect(pageOf(blue.pull()).rows).toEqual(['b']);
    const { store, hub } = world;
    expect(await relabelAll({ store, relabel: hub.relabel })).toBe(1);
    expect(newsOf(red.heard).revoked).toEqual([['n1', 252]]);
    expect(newsOf(blue.heard).rows).toEqual([['n1', 252]]);
    expect(await relabelAll({ store, relabel: hub.relabel })).toBe(0);
    expect(store.head('acme', 'notes')).toBe(252);
  });

  test('[LB11] one of which it cannot tell keeps those that it has, and so does a deleted one', async () => {
    let labelsOf = byTeam;
    const world = createHubWorld({ labelsOf: (...about) => labelsOf(...about) });
    const red = world.join('acme', ['red'], 'rosa');
    await red.push(notes(inTeam('a', 'red'), inTeam('b', 'red'), inTeam('c', 'red')));
    await red.push(notes(deltaOf('c', { _deleted: true }, 3)));
    labelsOf = (_collection, _document, { id }) => {
      if (id === 'a') throw new Error('no idea');
      return Promise.resolve(['blue']);
    };
    const { store, hub } = world;
    expect(await relabelAll({ store, relabel: hub.relabel })).toBe(1);
    const labels = ['a', 'b', 'c'].map((id) => store.row('acme', { collection: 'notes', id })?.labels);
    expect(labels).toEqual([['red'], ['blue'], ['red']]);
    expect(world.logged).toEqual(['labelsOf failed for "a" of notes: no idea']);
  });
});
