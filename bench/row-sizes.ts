import { encodeState, parseStamp, type State } from '@breakwater/crdt';
import type { StoredDocument } from '../packages/client/src/storage/row-meta.ts';
import { makeNotes } from './notes.ts';
import { noteIn, openWriter, type RowKind, registerRow, stateOf, textRow, type Writer } from './row-kinds.ts';
import { toTable } from './table.ts';

/** What a row's state takes in bytes, on the wire and on the server's disk. */
interface RowSize {
  readonly name: string;
  readonly fresh: number;
  /** By the number of updates that one opening of the app made. */
  readonly updates: readonly (readonly [updates: number, bytes: number])[];
  /** After as many openings of the app, each of which made one update. */
  readonly openings: number;
  readonly afterOpenings: number;
  /** How many of those openings' node ids the state names. */
  readonly nodes: number;
}

const UPDATES = [1, 10, 1_000];
const OPENINGS = 1_000;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Bytes, and their ratio to the fresh row. */
export function reportRowSizes(): string {
  const sizes = measureRowSizes();
  const [first] = sizes;
  if (first === undefined) throw new Error('there is no row to measure');
  const updates = first.updates.map(([count]) => `${count.toLocaleString('en')} update${count === 1 ? '' : 's'}`);
  const heads = ['state of a', 'fresh', ...updates, `${first.openings.toLocaleString('en')} openings`, 'node ids then'];
  return `
${toTable(heads, sizes.map(toLine))}

Bytes of a row's encoded state, and their ratio to the fresh row. An opening of the app has a node id and a Yjs client
id of its own and makes one update.
`;
}

function toLine({ name, fresh, updates, afterOpenings, nodes }: RowSize): string[] {
  const toText = (bytes: number) => `${bytes} B, ${(bytes / fresh).toFixed(2)} ×`;
  return [name, `${fresh} B`, ...updates.map(([, bytes]) => toText(bytes)), toText(afterOpenings), String(nodes)];
}

function measureRowSizes(): RowSize[] {
  return [registerRow, textRow].map(measure);
}

function measure(kind: RowKind): RowSize {
  const history = beginHistory(kind);
  const fresh = history.bytes();
  let done = 0;
  const updates = UPDATES.map((count) => {
    for (; done < count; done++) history.update(MINUTE_MS);
    return [count, history.bytes()] as const;
  });

  const reopened = beginHistory(kind);
  for (let opening = 0; opening < OPENINGS; opening++) {
    reopened.open();
    reopened.update(DAY_MS);
  }
  const afterOpenings = reopened.bytes();
  return { name: kind.name, fresh, updates, openings: OPENINGS, afterOpenings, nodes: countNodes(reopened.state()) };
}

/** One row and the device that writes it. Time passes, or the stamps would be smaller than they are in an app. */
function beginHistory(kind: RowKind) {
  let now = Date.now();
  let writer: Writer = openWriter(kind, () => now);
  const [note] = makeNotes(1);
  if (note === undefined) throw new Error('there is no note to write');
  let stored: StoredDocument = writer.insert(note);
  let updates = 0;
  const state = () => stateOf(kind, stored);

  return {
    state,
    bytes: () => encodeState(state()).length,
    open() {
      writer = openWriter(kind, () => now);
    },
    update(afterMs: number) {
      now += afterMs;
      stored = writer.patch(stored, kind.change(noteIn(stored), updates));
      updates += 1;
    },
  };
}

function countNodes({ registers }: State): number {
  return new Set([...registers.values()].map(({ stamp }) => parseStamp(stamp).node)).size;
}
