import { assembleFields, decodeState, decodeStored, encodeState, merge, sameState } from '@breakwater/crdt';
import { inBatches, median } from './measure.ts';
import { makeNotes, type Note } from './notes.ts';
import type { Result } from './result.ts';
import {
  deltaOf,
  noteIn,
  openWriter,
  patched,
  type RowKind,
  registerRow,
  stateOf,
  textRow,
  toDocument,
  type Writer,
} from './row-kinds.ts';

/** The same rows again and again; what is to be done with them changes none of them. */
const ROWS = 500;
/** Rows that are timed together: so few that most times nothing else gets the processor meanwhile. */
const ROWS_AT_ONCE = 20;
const WARM_UP_PASSES = 10;
const PASSES = 30;

type Action = () => unknown;

interface Task {
  readonly name: string;
  /** What is to be done with this row. */
  prepare(note: Note, number: number): Action;
}

/** What a row costs the processor, beside what JSON takes to write and to read its fields, on the same thread in turns. */
export function measureRowCosts(): Result[] {
  const notes = makeNotes(ROWS);
  return [registerRow, textRow].flatMap((kind) => tasksOf(kind).map((task) => measure(kind, task, notes)));
}

function tasksOf(kind: RowKind): Task[] {
  const others = Array.from({ length: 4 }, () => openWriter(kind));
  return [
    { name: `capture, insert of a ${kind.name}`, prepare: captureInsert(kind) },
    { name: `capture, patch of a ${kind.name}`, prepare: capturePatch(kind) },
    { name: `server's merge, ${kind.name} of one node`, prepare: serverMerge(kind, []) },
    { name: `server's merge, ${kind.name} of five nodes`, prepare: serverMerge(kind, others) },
  ];
}

function captureInsert(kind: RowKind): Task['prepare'] {
  const writer = openWriter(kind);
  return (note) => {
    const document = toDocument(note);
    return () => writer.capture(undefined, document);
  };
}

function capturePatch(kind: RowKind): Task['prepare'] {
  const writer = openWriter(kind);
  return (note, number) => {
    const stored = writer.insert(note);
    const document = patched(stored, kind.change(note, number));
    return () => writer.capture(stored, document);
  };
}

/** One changed field comes in for a stored row, which its writer inserted and each of the others changed since. */
function serverMerge(kind: RowKind, others: readonly Writer[]): Task['prepare'] {
  const writer = openWriter(kind);
  return (note, number) => {
    let document = writer.insert(note);
    for (const [i, other] of others.entries()) {
      document = other.patch(document, kind.change(noteIn(document), number + i + 1));
    }
    const stored = encodeState(stateOf(kind, document));
    const fields = kind.change(noteIn(document), number);
    const incoming = encodeState(deltaOf(kind, writer.patch(document, fields), fields));
    return () => mergeIncoming(stored, incoming);
  };
}

/** From bytes to bytes, as the server's `mergePush` does it; without what an app's own rules cost there. */
function mergeIncoming(stored: Uint8Array, incoming: Uint8Array): { readonly state: Uint8Array; readonly doc: string } {
  const delta = decodeState(incoming);
  const current = decodeStored(stored);
  const merged = merge(current, delta);
  if (sameState(current, merged)) throw new Error('what came in changed nothing');
  return { state: encodeState(merged), doc: JSON.stringify(assembleFields(merged)) };
}

function measure(kind: RowKind, { name, prepare }: Task, notes: readonly Note[]): Result {
  const actions = inBatches(notes.map(prepare), ROWS_AT_ONCE);
  const floorActions = inBatches(
    notes.map((note) => () => JSON.parse(JSON.stringify(note))),
    ROWS_AT_ONCE,
  );
  const ours: number[] = [];
  const floor: number[] = [];
  for (let pass = -WARM_UP_PASSES; pass < PASSES; pass++) {
    const ourPass = actions.map(microsecondsEach);
    const floorPass = floorActions.map(microsecondsEach);
    if (pass < 0) continue;
    ours.push(...ourPass);
    floor.push(...floorPass);
  }
  const goal = kind === registerRow ? { goal: { atMost: 8 } } : {};
  return { name, unit: 'µs', floor: median(floor), ours: median(ours), ...goal };
}

/** Kept, so that no compiler leaves out work whose result nobody needs. */
let last: unknown;

function microsecondsEach(actions: readonly Action[]): number {
  const start = performance.now();
  for (const action of actions) last = action();
  const elapsed = performance.now() - start;
  if (last === null) throw new Error('a row vanished');
  return (elapsed * 1000) / actions.length;
}
