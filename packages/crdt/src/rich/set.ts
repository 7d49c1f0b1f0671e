import type * as Y from 'yjs';
import { canonicalJson, parseCanonicalJson } from '../canonical-json.ts';
import type { Json } from '../json.ts';

/** The members, sorted by their canonical JSON. */
export function readRichSet(doc: Y.Doc, field: string): Json[] {
  const keys = [...doc.getMap(field).keys()].sort();
  // A key that no writer of ours makes is no member.
  return keys.map(parseCanonicalJson).filter((member) => member !== undefined);
}

/** Adds and removes members until the field holds these. */
export function writeRichSet(doc: Y.Doc, field: string, members: readonly Json[]): void {
  const shared = doc.getMap(field);
  const keys = new Set(members.map(canonicalJson));
  for (const key of [...shared.keys()].sort()) if (!keys.has(key)) shared.delete(key);
  for (const key of keys) if (!shared.has(key)) shared.set(key, true);
}

/** An array as a set shows its members: each once, sorted. The same array when it is so already. */
export function toMembers(items: Json[]): Json[] {
  const byKey = new Map(items.map((item) => [canonicalJson(item), item]));
  const sorted = [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
  return sorted.length === items.length && sorted.every((item, i) => item === items[i]) ? items : sorted;
}
