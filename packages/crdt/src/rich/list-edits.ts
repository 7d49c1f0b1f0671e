/** At `index` of the old items, `remove` of them give way to the new items `from` to `to`. */
export interface ListEdit {
  readonly index: number;
  readonly remove: number;
  readonly from: number;
  readonly to: number;
}

/** Beyond so many comparisons the items between the common ends are replaced as a whole. */
const MAX_CELLS = 250_000;

/** What turns one list into another, in the order of the lists, with as few items touched as can be. */
export function listEdits(before: readonly string[], after: readonly string[]): ListEdit[] {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start++;
  let end = 0;
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  const a = before.slice(start, before.length - end);
  const b = after.slice(start, after.length - end);
  const kept = a.length * b.length > MAX_CELLS ? [] : commonItems(a, b);
  return gapsBetween(kept, a.length, b.length).map(({ index, remove, from, to }) => ({
    index: index + start,
    remove,
    from: from + start,
    to: to + start,
  }));
}

type Pair = readonly [a: number, b: number];

/** The places of a longest common subsequence. */
function commonItems(a: readonly string[], b: readonly string[]): Pair[] {
  const width = b.length + 1;
  // lengths[i * width + j]: how many items a from i and b from j have in common.
  const lengths = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number) => lengths[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const pairs: Pair[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if (at(i + 1, j) >= at(i, j + 1)) i++;
    else j++;
  }
  return pairs;
}

function gapsBetween(kept: readonly Pair[], lengthA: number, lengthB: number): ListEdit[] {
  const edits: ListEdit[] = [];
  let index = 0;
  let from = 0;
  for (const [a, b] of [...kept, [lengthA, lengthB] as const]) {
    if (a > index || b > from) edits.push({ index, remove: a - index, from, to: b });
    index = a + 1;
    from = b + 1;
  }
  return edits;
}
