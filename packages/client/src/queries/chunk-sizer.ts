/** Finds out how many rows to write at a time. */
export interface ChunkSizer {
  /** How many rows to write next. */
  readonly size: number;
  /** So many rows took so long. */
  add(rows: number, ms: number): void;
}

/** Rows to begin with: few enough for a slow device and large rows. */
const FIRST_CHUNK = 50;
const LARGEST_CHUNK = 1_000;

/** Chunks that are remembered. */
const REMEMBERED = 8;

/**
 * Aims at chunks that take `targetMs`. What each write costs however few its rows, as when a storage sorts an index anew,
 * is told apart: if that is most of the time, smaller chunks would make everything slower and nothing smoother, and the
 * rows get as much time as it. The size at most doubles, and at most halves.
 */
export function createChunkSizer(targetMs: number): ChunkSizer {
  const chunks: { readonly rows: number; readonly ms: number }[] = [];
  let size = FIRST_CHUNK;

  return {
    get size() {
      return size;
    },
    add(rows, ms) {
      chunks.push({ rows, ms });
      if (chunks.length > REMEMBERED) chunks.shift();
      const { fixedMs, rowMs } = fitCosts(chunks);
      const wanted = Math.max(targetMs - fixedMs, fixedMs) / rowMs;
      size = clamp(Math.round(clamp(wanted, rows / 2, rows * 2)), 1, LARGEST_CHUNK);
    },
  };
}

/** The straight line through what the chunks took; without one that rises, every row costs the same. */
function fitCosts(chunks: readonly { readonly rows: number; readonly ms: number }[]) {
  const meanRows = mean(chunks.map(({ rows }) => rows));
  const meanMs = Math.max(0.01, mean(chunks.map(({ ms }) => ms)));
  const variance = mean(chunks.map(({ rows }) => (rows - meanRows) ** 2));
  const covariance = mean(chunks.map(({ rows, ms }) => (rows - meanRows) * (ms - meanMs)));
  const slope = variance > 0 ? covariance / variance : 0;
  const rowMs = slope > 0 && slope * meanRows < meanMs ? slope : meanMs / meanRows;
  return { rowMs, fixedMs: meanMs - rowMs * meanRows };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
