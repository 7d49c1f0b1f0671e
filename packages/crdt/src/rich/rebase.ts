import { simpleDiffString } from 'lib0/diff';
import { canonicalJson } from '../canonical-json.ts';
import type { Json } from '../json.ts';
import type { MergeKind } from '../merge-kind.ts';
import { listEdits } from './list-edits.ts';
import { toMembers } from './set.ts';

/**
 * What somebody did to a field that is no register, when it went from one value to another, done to a third value: of a
 * text the one piece that changed, of a list or set the items, of a counter the difference. What is to be removed is
 * removed only where it stands in the third value too.
 */
export function rebaseContent(kind: MergeKind, change: { readonly from: Json; readonly to: Json }, onto: Json): Json {
  const { from, to } = change;
  switch (kind) {
    case 'counter':
      return (onto as number) + (to as number) - (from as number);
    case 'text':
      return rebaseText(from as string, to as string, onto as string);
    case 'list':
      return rebaseList(from as Json[], to as Json[], onto as Json[]);
    case 'set':
      return rebaseSet(from as Json[], to as Json[], onto as Json[]);
  }
}

function rebaseText(from: string, to: string, onto: string): string {
  const { index, remove, insert } = simpleDiffString(from, to);
  const removed = from.slice(index, index + remove);
  const place = findPlace(onto, { head: from.slice(0, index), removed, tail: from.slice(index + remove) });
  const end = onto.startsWith(removed, place) ? place + removed.length : place;
  return onto.slice(0, place) + insert + onto.slice(end);
}

interface Piece {
  readonly head: string;
  readonly removed: string;
  readonly tail: string;
}

/** Where the piece lies in another text: what stands before it decides, then what stands behind it, then itself. */
function findPlace(onto: string, { head, removed, tail }: Piece): number {
  if (onto.startsWith(head + removed)) return head.length;
  if (onto.endsWith(removed + tail)) return onto.length - tail.length - removed.length;
  const found = removed === '' ? -1 : onto.indexOf(removed);
  const place = found < 0 ? Math.min(head.length, onto.length) : found;
  return isWithinPair(onto, place) ? place - 1 : place;
}

/** Between the two halves of a character beyond U+FFFF nothing may be inserted. */
function isWithinPair(text: string, place: number): boolean {
  return place > 0 && (text.codePointAt(place - 1) ?? 0) > 0xffff;
}

function rebaseList(from: readonly Json[], to: readonly Json[], onto: readonly Json[]): Json[] {
  const result = [...onto];
  const keys = from.map(canonicalJson);
  const edits = listEdits(keys, to.map(canonicalJson));
  // From the end, so that the indexes before it still hold.
  for (const { index, remove, from: first, to: end } of edits.reverse()) {
    let place = Math.min(index, result.length);
    for (const key of keys.slice(index, index + remove)) {
      const found = findNear(result, key, index);
      if (found === undefined) continue;
      result.splice(found, 1);
      place = found;
    }
    result.splice(place, 0, ...to.slice(first, end));
  }
  return result;
}

/** The place of an equal item: the given one if it is there, else the first. */
function findNear(items: readonly Json[], key: string, index: number): number | undefined {
  const near = items[index];
  if (near !== undefined && canonicalJson(near) === key) return index;
  const found = items.findIndex((item) => canonicalJson(item) === key);
  return found < 0 ? undefined : found;
}

function rebaseSet(from: readonly Json[], to: readonly Json[], onto: readonly Json[]): Json[] {
  const [before, after] = [new Set(from.map(canonicalJson)), new Set(to.map(canonicalJson))];
  const kept = onto.filter((item) => !before.has(canonicalJson(item)) || after.has(canonicalJson(item)));
  const added = to.filter((item) => !before.has(canonicalJson(item)));
  return toMembers([...kept, ...added]);
}
