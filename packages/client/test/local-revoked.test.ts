import { formatStamp, NO_STAMP, type Path, type State, toPath } from '@breakwater/crdt';
import type { RxCollection, RxDatabase } from 'rxdb';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { afterEach, expect, it } from 'vitest';
import { createDatabase } from '../src/create-database.ts';
import { createLocalRows } from '../src/storage/local-rows.ts';
import type { RefusedValues } from '../src/storage/set-back.ts';
import { noteCollections } from './note-collections.ts';
import { storedMeta } from './stored-rows.ts';

const open: RxDatabase[] = [];

afterEach(async () => {
  for (const database of open.splice(0)) await database.close();
});

async function openNotes() {
  const name = `local-revoked-${crypto.randomUUID()}`;
  const storage = getRxStorageMemory();
  const database = await createDatabase({ name, storage, collections: noteCollections, multiInstance: false });
  open.push(database as unknown as RxDatabase);
  const { notes } = database;
  const rows = createLocalRows(notes as unknown as RxCollection);
  const kept: RefusedValues[] = [];
  const keep = async (refused: readonly RefusedValues[]) => void kept.push(...refused);
  const readOne = async () => {
    const [row] = await rows.read(['n1']);
    if (row === undefined) throw new Error('it is not stored');
    return row;
  };
  const revoke = (seq: number) => rows.replace([{ id: 'n1', server: undefined, upToSeq: seq, isRevoked: true }], keep);
  return { notes, rows, kept, keep, readOne, revoke };
}

/** The title as another device wrote it just now. */
function titled(title: string): State {
  const stamp = formatStamp({ ms: Date.now(), counter: 0, node: 'otherother' });
  return { generation: NO_STAMP, partial: false, registers: new Map([[toPath(['title']), { stamp, value: title }]]) };
}

it('[LB30] what was never had from the server is not revoked, nor what has come back since', async () => {
  const { notes, rows, revoke } = await openNotes();
  await notes.insert({ id: 'n1', title: 'mine' });
  await revoke(7);
  expect((await notes.findOne('n1').exec(true)).title).toBe('mine');
  await rows.mergeRows([{ id: 'n1', seq: 9, state: titled('theirs') }]);
  await revoke(8);
  expect(await notes.findOne('n1').exec()).not.toBeNull();
  await revoke(9);
  expect(await notes.findOne('n1').exec()).toBeNull();
});

it('[LB30] an ack that comes after a later revocation brings nothing back', async () => {
  const { notes, rows, readOne, revoke } = await openNotes();
  await rows.mergeRows([{ id: 'n1', seq: 4, state: titled('theirs') }]);
  await (await notes.findOne('n1').exec(true)).patch({ title: 'mine' });
  const pushed = await readOne();
  await revoke(7);
  await rows.acknowledge([{ id: 'n1', pushed, seq: 6 }]);
  expect(await notes.findOne('n1').exec()).toBeNull();
  await rows.acknowledge([{ id: 'n1', pushed, seq: 8 }]);
  expect((await notes.findOne('n1').exec(true)).title).toBe('mine');
});

it('[LB31] a stored row goes in one write with its ack, and what was changed since is kept', async () => {
  const { notes, rows, kept, keep, readOne } = await openNotes();
  const note = await notes.insert({ id: 'n1', title: 'mine' });
  const pushed = await readOne();
  await note.patch({ body: 'later' });
  await rows.acknowledgeRevoked([{ id: 'n1', pushed, seq: 6 }], keep);
  expect(await notes.findOne('n1').exec()).toBeNull();
  expect(kept).toMatchObject([{ kind: 'change', document: { id: 'n1', body: 'later' }, paths: ['body'] as Path[] }]);
  expect(kept[0]?.document).not.toHaveProperty('title');
  expect(await storedMeta(notes as unknown as RxCollection, 'n1')).toMatchObject({
    meta: { stamps: [], revokedAt: 6 },
  });
});

it('[LB31] unless it has come back since: then it is acknowledged as ever', async () => {
  const { notes, rows, kept, keep, readOne } = await openNotes();
  await notes.insert({ id: 'n1', title: 'mine' });
  const pushed = await readOne();
  await rows.mergeRows([{ id: 'n1', seq: 9, state: pushed.state }]);
  await rows.acknowledgeRevoked([{ id: 'n1', pushed, seq: 6 }], keep);
  expect((await notes.findOne('n1').exec(true)).title).toBe('mine');
  expect([kept, (await readOne()).pending.size, (await readOne()).seq]).toEqual([[], 0, 9]);
});
