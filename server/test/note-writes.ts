import {
  DELETED,
  editRich,
  encodeState,
  type Json,
  NO_STAMP,
  type Path,
  type Rich,
  type RichEdit,
  type Stamp,
  type State,
} from '@breakwater/crdt';
import type { Row } from '@breakwater/protocol';
import { clock, rowOf } from './hub-world.ts';

/** Registers by their paths, as `address.city` or, of a counter, `likes.replica`. Undefined: the field is removed. */
export type Registers = { readonly [path: string]: Json | undefined };

/** All written now. */
export function noteState(registers: Registers, rest: Partial<State> = {}): State {
  const stamp = clock.next();
  const entries = Object.entries(registers).map(([path, value]) => [path as Path, { stamp, value }] as const);
  return { generation: NO_STAMP, partial: false, ...rest, registers: new Map(entries) };
}

/** A new document; it has a title. */
export function insert(id: string, registers: Registers, rich?: Rich): Row {
  return toRow(id, noteState({ title: 'a note', ...registers }, { rich }));
}

/** A change of a document that is there. */
export function update(id: string, registers: Registers, rich?: Rich): Row {
  return toRow(id, noteState(registers, { partial: true, rich }), { base: 0 });
}

export function remove(id: string): Row {
  return update(id, { [DELETED]: true });
}

/** A document inserted over one that was deleted: another generation. */
export function revive(id: string, registers: Registers): Row {
  const generation: Stamp = clock.next();
  const entries = Object.entries(registers).map(
    ([path, value]) => [path as Path, { stamp: generation, value }] as const,
  );
  return toRow(id, { generation, partial: false, registers: new Map(entries) });
}

function toRow(id: string, state: State, change: Partial<Row> = {}): Row {
  return rowOf(id, {}, { bytes: encodeState(state), ...change });
}

/** The Yjs state of a note whose rich field was given a value by this writer. */
export function withContent(edit: RichEdit, { before, clientId = 1 }: { before?: Rich; clientId?: number } = {}): Rich {
  const author = { clientId, collection: 'notes', id: 'a', generation: NO_STAMP };
  return editRich(before, [edit], author) ?? new Uint8Array();
}
