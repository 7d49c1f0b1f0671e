import { type Json, NO_STAMP, type Rich, type RichEdit, type RichKind, readRich } from '../src/index.ts';
import { editRich } from '../src/rich/edit-rich.ts';
import { mergeRich } from '../src/rich/merge-rich.ts';

export const RICH_KINDS: readonly (readonly [string, RichKind])[] = [
  ['body', 'text'],
  ['steps', 'list'],
  ['tags', 'set'],
];

const WRITERS = 4;
const ITEMS: readonly Json[] = ['a', 'b', 'c', 1, { x: 1 }, null];

/** Writers of one document who edit their own copies and hear of each other now and then. */
export interface RichHistory {
  /** What each of them held after each of its steps. */
  readonly snapshots: readonly Rich[];
  /** What each of them holds at the end. */
  readonly copies: readonly (Rich | undefined)[];
}

/** A history by chance; the writers' ids begin at `firstClientId`. */
export function playRichHistory(chance: () => number, steps: number, firstClientId = 1): RichHistory {
  const pick = <T>(items: readonly T[]) => items[Math.floor(chance() * items.length)] as T;
  const copies: (Rich | undefined)[] = Array(WRITERS).fill(undefined);
  const snapshots: Rich[] = [];
  for (let i = 0; i < steps; i++) {
    const writer = Math.floor(chance() * WRITERS);
    const own = copies[writer];
    const next =
      chance() < 0.3
        ? mergeRich({ rich: own, partial: false }, { rich: pick(copies), partial: false })
        : editRich(own, [randomEdit(own, chance)], author(firstClientId + writer));
    copies[writer] = next;
    if (next !== undefined) snapshots.push(next);
  }
  return { snapshots, copies };
}

export function author(clientId: number) {
  return { clientId, collection: 'notes', id: 'a', generation: NO_STAMP };
}

function randomEdit(rich: Rich | undefined, chance: () => number): RichEdit {
  const [field, kind] = RICH_KINDS[Math.floor(chance() * RICH_KINDS.length)] as (typeof RICH_KINDS)[number];
  const value = readRich(rich, RICH_KINDS)[field] as string | Json[];
  return { field, kind, value: typeof value === 'string' ? editText(value, chance) : editItems(value, chance) };
}

function editText(text: string, chance: () => number): string {
  const characters = [...text];
  const at = Math.floor(chance() * (characters.length + 1));
  const inserted = chance() < 0.6 ? ['😀', 'x', 'yz', '👍🏽'][Math.floor(chance() * 4)] : undefined;
  characters.splice(at, Math.floor(chance() * 3), ...(inserted === undefined ? [] : [inserted]));
  return characters.join('');
}

function editItems(items: readonly Json[], chance: () => number): Json[] {
  const copy = [...items];
  const inserted = chance() < 0.7 ? [ITEMS[Math.floor(chance() * ITEMS.length)] as Json] : [];
  copy.splice(Math.floor(chance() * (copy.length + 1)), Math.floor(chance() * 2), ...inserted);
  return copy;
}

/** Lehmer's generator. */
export function createChance(seed: number): () => number {
  let word = (seed * 7_919 + 1) % (2 ** 31 - 1);
  return () => {
    word = (word * 48_271) % (2 ** 31 - 1);
    return word / (2 ** 31 - 1);
  };
}
