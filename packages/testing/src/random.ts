/** A repeatable source of chance. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** A whole number in [0, end). */
  int(end: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
}

/** sfc32 by Chris Doty-Humphrey (PractRand), seeded from one number. */
export function createRandom(seed: number): Random {
  let a = 0;
  let b = seed | 0;
  let c = (seed / 2 ** 32) | 0;
  let counter = 1;

  function word(): number {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  }

  // The first words of a small seed are alike.
  for (let i = 0; i < 15; i++) word();

  const next = () => word() / 2 ** 32;
  return {
    next,
    int: (end) => Math.floor(next() * end),
    chance: (probability) => next() < probability,
    pick(items) {
      if (items.length === 0) throw new RangeError('there is nothing to pick from');
      return items[Math.floor(next() * items.length)] as (typeof items)[number];
    },
  };
}
