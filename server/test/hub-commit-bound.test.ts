import { decodeState } from '@breakwater/crdt';
import type { RowResult } from '@breakwater/protocol';
import { expect, test } from 'vitest';
import { openSqliteStore } from '../src/sqlite-store.ts';
import type { CommitOptions, Store } from '../src/store.ts';
import { createHubWorld, deltaOf, type HubWorld, notes, resultsOf, rowOf } from './hub-world.ts';

const IDS = ['a', 'b', 'c', 'd', 'e'];

test('[HB35] of the rows that a commit cannot load the push is told to send them whole, and the others are stored', async () => {
  const world = await worldWithRows();
  const reader = world.join();
  reader.pull();
  const ack = await world.join().push(notes(...edits()));
  expect(kindsOf(ack)).toEqual(['stored', 'stored', 'send-full', 'send-full', 'send-full']);
  expect(world.store.head('acme', 'notes')).toBe(7);
  expect(reader.heard.at(-1)).toMatchObject({ groups: [{ rows: [{ id: 'a' }, { id: 'b' }], checkpoint: 7 }] });
});

test('[HB35] sent again, whole rows too, all of them are stored in the end', async () => {
  const world = await worldWithRows();
  const writer = world.join();
  const whole = new Map(IDS.map((id) => [id, rowOf(id, { title: 'x' })]));
  const rounds: number[] = [];
  while (whole.size > 0) {
    const ids = [...whole.keys()];
    const results = resultsOf(await writer.push(notes(...whole.values())));
    results.forEach(({ kind }, i) => {
      if (kind === 'stored') whole.delete(ids[i] ?? '');
    });
    rounds.push(whole.size);
  }
  expect(rounds).toEqual([3, 1, 0]);
  for (const id of IDS) expect(fieldsOf(world, id)).toEqual(['body', 'title']);
});

test('[HB35] a row larger than the bound by itself is merged', async () => {
  const world = await worldWithRows(1);
  const results = await world.join().push(notes(...edits().slice(0, 2)));
  expect(kindsOf(results)).toEqual(['stored', 'send-full']);
});

test('[HB35] a batch that changes more than a commit can load is refused for good', async () => {
  const world = await worldWithRows();
  const ack = await world.join().pushAtomic(notes(...edits().slice(0, 3)));
  expect(resultsOf(ack)).toMatchObject([
    { code: 'batch-refused', reason: "nothing of the batch was stored: the row 'c' of notes was refused" },
    { code: 'batch-refused' },
    { code: 'too-large', reason: expect.stringMatching(/^the rows that the batch changes have more than \d+ bytes$/) },
  ]);
  expect(world.store.head('acme', 'notes')).toBe(5);
});

test('[HB35] the bound is 32 MiB', async () => {
  const inner = openSqliteStore(':memory:');
  const asked: (CommitOptions | undefined)[] = [];
  const commit: Store['commit'] = (tenant, keys, decide, options) => {
    asked.push(options);
    return inner.commit(tenant, keys, decide, options);
  };
  const world = createHubWorld({ store: { ...inner, commit } });
  await world.join().push(notes(rowOf('a', {})));
  expect(asked).toMatchObject([{ maxBytes: 32 * 1024 * 1024 }]);
});

/** Five rows of more than 100 bytes, in a store that loads so many bytes at once. */
async function worldWithRows(maxBytes = 300): Promise<HubWorld> {
  const inner = openSqliteStore(':memory:');
  const commit: Store['commit'] = (tenant, keys, decide) => inner.commit(tenant, keys, decide, { maxBytes });
  const world = createHubWorld({ store: { ...inner, commit } });
  for (const id of IDS) await world.join().push(notes(rowOf(id, { body: 'x'.repeat(100) })));
  return world;
}

/** A small edit of each of the rows. */
function edits() {
  return IDS.map((id, i) => deltaOf(id, { title: 'x' }, i + 1));
}

function kindsOf(ack: Parameters<typeof resultsOf>[0]): RowResult['kind'][] {
  return resultsOf(ack).map(({ kind }) => kind);
}

function fieldsOf({ store }: HubWorld, id: string): string[] {
  const row = store.row('acme', { collection: 'notes', id });
  return row === undefined ? [] : [...decodeState(row.state).registers.keys()].sort();
}
