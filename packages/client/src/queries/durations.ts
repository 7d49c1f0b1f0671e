/** How long something took, in milliseconds; all 0 as long as it never happened. */
export interface Durations {
  readonly count: number;
  readonly lastMs: number;
  /** Of the last 256. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Of all. */
  readonly maxMs: number;
}

export interface DurationLog {
  add(ms: number): void;
  summarise(): Durations;
}

const REMEMBERED = 256;

export function createDurationLog(): DurationLog {
  const recent: number[] = [];
  let count = 0;
  let lastMs = 0;
  let maxMs = 0;

  return {
    add(ms) {
      recent[count % REMEMBERED] = ms;
      count++;
      lastMs = ms;
      if (ms > maxMs) maxMs = ms;
    },
    summarise() {
      const sorted = recent.toSorted((a, b) => a - b);
      const at = (share: number) => sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
      return { count, lastMs, p50Ms: at(0.5), p95Ms: at(0.95), maxMs };
    },
  };
}
