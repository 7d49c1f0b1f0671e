interface PageScheduler {
  readonly scheduler?: { yield?(): Promise<void> };
}

/** Lets the page paint and answer its user. Where the platform has scheduler.yield the work goes on before other timers. */
export function yieldToPage(): Promise<void> {
  const { scheduler } = globalThis as PageScheduler;
  return scheduler?.yield?.() ?? new Promise((resolve) => setTimeout(resolve));
}

/** Rows to begin with: few enough for a slow device and large rows. */
export const FIRST_CHUNK = 50;
const LARGEST_CHUNK = 1_000;

/** How many rows to write next, so that they take about `targetMs`. It at most doubles, and at most halves. */
export function nextChunkSize(size: number, tookMs: number, targetMs: number): number {
  const factor = Math.min(2, Math.max(0.5, targetMs / Math.max(tookMs, 0.01)));
  return Math.min(LARGEST_CHUNK, Math.max(1, Math.round(size * factor)));
}
