import type * as Y from 'yjs';
import { canonicalJson } from '../canonical-json.ts';
import { type Json, ValueError } from '../json.ts';
import { emptyContent, type RichKind } from '../merge-kind.ts';
import type { Stamp } from '../stamp.ts';
import { readRichList, writeRichList } from './list.ts';
import { countStructs, encodeDoc, loadDoc, type Rich } from './rich-doc.ts';
import { MAX_STRUCTS } from './scan.ts';
import { readRichSet, writeRichSet } from './set.ts';
import { readRichText, writeRichText } from './text.ts';

/** A rich field is to have this value: text, list or members. */
export interface RichEdit {
  readonly field: string;
  readonly kind: RichKind;
  readonly value: Json;
}

/** Whose edit it is. */
export interface RichAuthor {
  /** Of the writer, and of nobody else ever: two structs with one id make replicas differ without a word. */
  readonly clientId: number;
  readonly collection: string;
  readonly id: string;
  readonly generation: Stamp;
}

/**
 * The Yjs state after the smallest edits that give the fields these values.
 *
 * The first content of a field that never had any is written under a client id made of that content: two devices that
 * insert the same, each without knowing of the other, then wrote the very same, and it does not double.
 *
 * @throws ValueError when the state would have more structs than a server takes.
 */
export function editRich(rich: Rich | undefined, edits: readonly RichEdit[], author: RichAuthor): Rich | undefined {
  const doc = loadDoc(rich === undefined ? [] : [rich], (doc) => {
    for (const edit of edits) {
      // Set after the load: Yjs gives up a client id that it finds in an update.
      doc.clientID = doc.share.has(edit.field) ? author.clientId : freeClientId(doc, edit, author);
      writeField(doc, edit);
    }
  });
  if (countStructs(doc) > MAX_STRUCTS) {
    throw new ValueError(`${edits[0]?.field}: text, lists and sets of a document hold at most ${MAX_STRUCTS} pieces`);
  }
  return encodeDoc(doc);
}

function writeField(doc: Y.Doc, { field, kind, value }: RichEdit): void {
  switch (kind) {
    case 'text':
      return writeRichText(doc, field, value as string);
    case 'list':
      return writeRichList(doc, field, value as Json[]);
    case 'set':
      return writeRichSet(doc, field, value as Json[]);
  }
}

function freeClientId(doc: Y.Doc, { field, value }: RichEdit, author: RichAuthor): number {
  const { collection, id, generation, clientId } = author;
  const contentId = hash(canonicalJson([collection, id, field, generation, value]));
  return doc.store.clients.has(contentId) ? clientId : contentId;
}

/** 32 bits of a text: FNV-1a over its UTF-16 code units, mixed once more at the end. */
function hash(text: string): number {
  let word = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) word = Math.imul(word ^ text.charCodeAt(i), 0x01000193);
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  return (word ^ (word >>> 13)) >>> 0;
}

/** What a document shows of its rich fields. */
export function readRich(
  rich: Rich | undefined,
  kinds: Iterable<readonly [field: string, kind: RichKind]>,
): { [field: string]: Json } {
  const doc = rich && loadDoc([rich]);
  const values: { [field: string]: Json } = {};
  for (const [field, kind] of kinds)
    values[field] = doc?.share.has(field) ? readField(doc, field, kind) : emptyContent(kind);
  return values;
}

function readField(doc: Y.Doc, field: string, kind: RichKind): Json {
  switch (kind) {
    case 'text':
      return readRichText(doc, field);
    case 'list':
      return readRichList(doc, field);
    case 'set':
      return readRichSet(doc, field);
  }
}
