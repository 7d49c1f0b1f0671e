export type Key = string | number;

/** A key at which the index can be entered, and how many rows come before it. */
export interface Anchor {
  readonly rank: number;
  readonly key: Key;
}

/** Answers how many rows of the index come before a key: cheap, no row is read. */
export type CountBefore = (key: Key) => Promise<number>;

export interface RankSearch {
  /** A place to enter the index from which `rank` is only a few rows away. */
  approach(rank: number): Promise<Anchor | undefined>;
}

interface Probe extends Anchor {
  /** 0: before all keys, 1: after all keys. */
  readonly position: number;
}

/** Walking over this many rows takes less time than counting once more would save. */
const NEAR = 150;

/** Bounds the search where very many rows have the same key. */
const MOST_PROBES = 40;

/** Finds a rank by halving the space of all keys and counting; what was counted is remembered for the next search. */
export function createRankSearch(keyAt: (position: number) => Key, countBefore: CountBefore): RankSearch {
  const probes: Probe[] = [];

  return {
    async approach(rank) {
      let low = probes.findLast((probe) => probe.rank <= rank);
      let high = probes.find((probe) => probe.rank > rank);
      for (let n = 0; n < MOST_PROBES && rank - (low?.rank ?? 0) > NEAR; n++) {
        const position = ((low?.position ?? 0) + (high?.position ?? 1)) / 2;
        const key = keyAt(position);
        const probe = { position, key, rank: await countBefore(key) };
        if (probe.rank <= rank) low = probe;
        else high = probe;
        probes.push(probe);
        probes.sort((a, b) => a.position - b.position);
      }
      return low;
    },
  };
}

const FIRST_LETTER = 0x20;
const LETTERS = 96;
const DEPTH = 4;

/** Keys that are texts: the first letters count, and those of the Latin alphabet are most. */
export function textAt(position: number): string {
  let rest = position;
  let text = '';
  for (let n = 0; n < DEPTH; n++) {
    const letter = Math.floor(rest * LETTERS);
    text += String.fromCharCode(FIRST_LETTER + letter);
    rest = rest * LETTERS - letter;
  }
  return text;
}

/** As many doublings as there are milliseconds since 1970. */
const DOUBLINGS = 41;

/** Keys that are the negative of a time: a short while ago is looked at more closely than long ago. */
export function timeAgoAt(now: number): (position: number) => number {
  return (position) => Math.round(2 ** (position * DOUBLINGS) - now);
}
