/** What one worker plays: of so many runs, counted from the first one, those whose number leaves its rest. */
export interface Share {
  readonly first: number;
  readonly runs: number;
  readonly workers: number;
  readonly rest: number;
}

/** What came of it. */
export interface Tally {
  readonly counts: { [what: string]: number };
  readonly failures: string[];
}

/** A part of the soak, which workers share. */
export interface Part {
  readonly runs: number;
  play(share: Share): Promise<Tally>;
  /** The figures in words. */
  summarize(count: (what: string) => string): string;
}

export function numbersIn({ first, runs, workers, rest }: Share): number[] {
  const count = Math.ceil((runs - rest) / workers);
  return Array.from({ length: Math.max(0, count) }, (_, i) => first + rest + i * workers);
}

export function addTallies(a: Tally, b: Tally): Tally {
  const counts = { ...a.counts };
  for (const [what, number] of Object.entries(b.counts)) counts[what] = (counts[what] ?? 0) + number;
  return { counts, failures: [...a.failures, ...b.failures] };
}
