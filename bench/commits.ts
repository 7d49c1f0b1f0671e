import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assembleFields, encodeState } from '@breakwater/crdt';
import { openSqliteStore, type RowWrite, type Store } from '@breakwater/server';
import { type FloorStore, openFloorStore } from './floor-store.ts';
import { inBatches, timeMs } from './measure.ts';
import { makeNotes, type Note } from './notes.ts';
import type { Result } from './result.ts';
import { noteIn, openWriter, type RowKind, registerRow, stateOf, textRow } from './row-kinds.ts';

/** Rows of one transaction: a full push. */
const BATCH_ROWS = 500;
const TENANT = 'harbour';

/**
 * Rows a second that are committed, first new ones, then each of them again. The store is handed what is ready to be
 * stored: it still reads the rows there are, counts, and keeps names, labels and times beside the bytes.
 */
export async function measureCommits(rows: number): Promise<Result[]> {
  const notes = makeNotes(rows);
  // The first rows find cold code.
  await measureKind(registerRow, notes.slice(0, 4 * BATCH_ROWS));
  return [...(await measureKind(registerRow, notes)), ...(await measureKind(textRow, notes))];
}

async function measureKind(kind: RowKind, notes: readonly Note[]): Promise<Result[]> {
  const { inserted, changed } = writesOf(kind, notes);
  const directory = mkdtempSync(join(tmpdir(), 'breakwater-bench-'));
  const floor = openFloorStore(join(directory, 'floor.sqlite'));
  const store = openSqliteStore(join(directory, 'store'));
  const results = [
    await measure(`commit new ${kind.plural}`, inserted, floor, store),
    await measure(`commit changed ${kind.plural}`, changed, floor, store),
  ];
  floor.close();
  await store.close();
  rmSync(directory, { recursive: true });
  return results;
}

/** Batch by batch on one side and then on the other, so that both meet the same weather. */
async function measure(name: string, writes: readonly RowWrite[], floor: FloorStore, store: Store): Promise<Result> {
  let floorMs = 0;
  let ourMs = 0;
  for (const batch of inBatches(writes, BATCH_ROWS)) {
    floorMs += await timeMs(async () => floor.commit(batch));
    ourMs += await timeMs(() => store.commit(TENANT, batch, () => ({ writes: batch, result: undefined })));
  }
  const perSecond = (ms: number) => (writes.length * 1000) / ms;
  const goal = { atLeastRatio: 0.6 };
  return { name, unit: 'rows/s', floor: perSecond(floorMs), ours: perSecond(ourMs), goal };
}

interface Writes {
  readonly inserted: RowWrite[];
  readonly changed: RowWrite[];
}

export function writesOf(kind: RowKind, notes: readonly Note[]): Writes {
  const writer = openWriter(kind);
  const documents = notes.map((note) => writer.insert(note));
  const patched = documents.map((document, i) => writer.patch(document, kind.change(noteIn(document), i)));
  const toWrite = (document: (typeof documents)[number]): RowWrite => {
    const state = stateOf(kind, document);
    const { id } = noteIn(document);
    const doc = JSON.stringify(assembleFields(state));
    return { collection: kind.collection, id, deleted: false, doc, state: encodeState(state), labels: [TENANT] };
  };
  return { inserted: documents.map(toWrite), changed: patched.map(toWrite) };
}
