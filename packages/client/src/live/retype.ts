import { type DocumentPlan, isRichKind, type Json, type RichKind, readRich, rebaseContent } from '@breakwater/crdt';
import type { RxCollection } from 'rxdb';
import * as Y from 'yjs';
import type { LocalRow } from '../storage/document-row.ts';
import { mergeTyped } from '../storage/live-rows.ts';
import { requireCaptured } from '../storage/with-breakwater.ts';
import type { TypedEdit } from './typed-edits.ts';

/**
 * Does what was typed once more, as an ordinary edit of the document as it is now. For what can no longer go into it under
 * its own Yjs ids. A document that is not there any more is left alone.
 *
 * @throws RxError when RxDB does not take it.
 */
export async function retype(collection: RxCollection, changes: TypedChanges): Promise<void> {
  const document = await collection.findOne(changes.id).exec();
  if (document === null) return;
  await document.incrementalModify((now: { [field: string]: Json }) => {
    for (const { field, kind, from, to } of changes.contents) {
      now[field] = rebaseContent(kind, { from, to }, now[field] ?? null);
    }
    return now;
  });
}

/** What fields showed before something was typed and after it. */
export interface TypedChanges {
  readonly id: string;
  readonly contents: readonly {
    readonly field: string;
    readonly kind: RichKind;
    readonly from: Json;
    readonly to: Json;
  }[];
}

/** What was typed into the open document on top of the row as it was last seen. */
export function changesByTyping(
  collection: RxCollection,
  { id, state }: LocalRow,
  { update, fields, doc }: TypedEdit & { readonly doc: Y.Doc },
): TypedChanges {
  const kinds = richKinds(requireCaptured(collection).plan, fields);
  const typed = mergeTyped(state, { typed: update, whole: () => Y.encodeStateAsUpdate(doc) });
  return changesBetween(id, kinds, readRich(state.rich, kinds), readRich(typed.rich, kinds));
}

/** What the texts of the open document show beyond the row as it was last seen: their characters. */
export function changesOfTexts(collection: RxCollection, { id, state }: LocalRow, doc: Y.Doc): TypedChanges {
  const kinds = richKinds(requireCaptured(collection).plan, doc.share.keys()).filter(([, kind]) => kind === 'text');
  const to = Object.fromEntries(kinds.map(([field]) => [field, doc.getText(field).toString().toWellFormed()]));
  return changesBetween(id, kinds, readRich(state.rich, kinds), to);
}

type Contents = { readonly [field: string]: Json };

function changesBetween(id: string, kinds: [string, RichKind][], from: Contents, to: Contents): TypedChanges {
  const contents = kinds.map(([field, kind]) => ({ field, kind, from: from[field] ?? null, to: to[field] ?? null }));
  return { id, contents };
}

function richKinds({ kinds }: DocumentPlan, fields: Iterable<string>): [string, RichKind][] {
  return [...fields].flatMap((field): [string, RichKind][] => {
    const kind = kinds.get(field);
    return kind !== undefined && isRichKind(kind) ? [[field, kind]] : [];
  });
}
