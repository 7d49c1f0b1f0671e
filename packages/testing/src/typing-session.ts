import { readFile } from 'node:fs/promises';
import { createRandom } from './random.ts';

/** At `position` of the text `remove` characters give way to `insert`. */
export type TextEdit = readonly [position: number, remove: number, insert?: string];

/** Where letters come from: common ones more often. */
const LETTERS = 'eeeeeetttttaaaaooooiiinnnsshhrrddlcumwfgypbvk         ,.\n😀ß';

/**
 * How somebody writes: bursts of letters, some of which are taken back at once, then on at another place, mostly near the
 * last one. Each edit is one keystroke.
 */
export function typeBySeed(seed: number, edits: number): TextEdit[] {
  const random = createRandom(seed);
  const session: TextEdit[] = [];
  /** The length of each character: positions are counted in UTF-16 code units, keystrokes in characters. */
  const lengths: number[] = [];
  const chars = [...LETTERS];
  let at = 0;

  const positionOf = (index: number) => lengths.slice(0, index).reduce((sum, length) => sum + length, 0);
  let position = 0;

  function jump(): void {
    if (random.chance(0.3)) at = random.int(lengths.length + 1);
    else at = Math.min(lengths.length, Math.max(0, at + random.int(120) - 60));
    position = positionOf(at);
  }

  function type(letter: string): void {
    session.push([position, 0, letter]);
    lengths.splice(at++, 0, letter.length);
    position += letter.length;
  }

  function erase(): void {
    const length = lengths.splice(--at, 1)[0] ?? 0;
    position -= length;
    session.push([position, length]);
  }

  while (session.length < edits) {
    jump();
    for (let left = 5 + random.int(55); left > 0; left--) {
      type(random.pick(chars));
      if (random.chance(0.05)) for (let wrong = 1 + random.int(4); wrong > 0 && at > 0; wrong--) erase();
    }
  }
  return session.slice(0, edits);
}

/** A recorded session: JSON of a list of `[position, removed, inserted…]`, as in automerge-perf. */
export async function readTrace(path: string): Promise<TextEdit[]> {
  const edits = JSON.parse(await readFile(path, 'utf8')) as [number, number, ...string[]][];
  return edits.map(([position, remove, ...inserted]) => [position, remove, inserted.join('')]);
}

/** What a text becomes by edits. */
export function textAfter(edits: readonly TextEdit[]): string {
  // In pieces: a string would be copied whole for each of many edits.
  const before: string[] = [];
  const after: string[] = [];
  for (const [position, remove, insert = ''] of edits) {
    while (before.length > position) after.push(before.pop() ?? '');
    while (before.length < position) before.push(after.pop() ?? '');
    for (let i = 0; i < remove; i++) after.pop();
    for (let i = 0; i < insert.length; i++) before.push(insert.charAt(i));
  }
  while (after.length > 0) before.push(after.pop() ?? '');
  return before.join('');
}
