import type * as Y from 'yjs';
import { canonicalJson } from '../canonical-json.ts';
import type { Json } from '../json.ts';
import { type ListEdit, listEdits } from './list-edits.ts';

export function readRichList(doc: Y.Doc, field: string): Json[] {
  return doc.getArray<Json>(field).toArray();
}

/** Removes and inserts items until the field holds `items`. An item that moved is removed here and inserted there. */
export function writeRichList(doc: Y.Doc, field: string, items: readonly Json[]): void {
  const shared = doc.getArray<Json>(field);
  const edits = listEdits(shared.toArray().map(canonicalJson), items.map(canonicalJson));
  // From the end, so that the indexes before it still hold.
  for (const edit of edits.reverse()) apply(shared, edit, items);
}

function apply(shared: Y.Array<Json>, { index, remove, from, to }: ListEdit, items: readonly Json[]): void {
  if (remove > 0) shared.delete(index, remove);
  if (to > from) shared.insert(index, items.slice(from, to));
}
