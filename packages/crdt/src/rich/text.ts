import { simpleDiffString } from 'lib0/diff';
import type * as Y from 'yjs';

export function readRichText(doc: Y.Doc, field: string): string {
  return doc.getText(field).toString().toWellFormed();
}

/** The one replacement that makes `text` of what the field holds. Never cuts a surrogate pair in two. */
export function writeRichText(doc: Y.Doc, field: string, text: string): void {
  const shared = doc.getText(field);
  const { index, remove, insert } = simpleDiffString(shared.toString(), text);
  if (remove > 0) shared.delete(index, remove);
  if (insert !== '') shared.insert(index, insert);
}
