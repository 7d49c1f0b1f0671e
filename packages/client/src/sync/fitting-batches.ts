import type { Limits } from '@breakwater/protocol';
import type { LocalRow } from '../storage/document-row.ts';
import type { Draft } from './up.ts';

/** Bytes of a message that are no rows: names, counts. */
const FRAME_BYTES = 4_096;

interface Drafted {
  readonly draft: Draft;
}

interface Size {
  rows: number;
  bytes: number;
}

/**
 * What one push may hold of batches that go up together. Each may be small and all of them, joined by a document that they
 * share, more than the server takes: then the oldest go first, and the rest follows. A text: why not even the oldest fits.
 *
 * @param batches the oldest first
 */
export function takeFitting<P extends Drafted>(
  parts: readonly P[],
  batches: readonly string[],
  limits: Limits,
): readonly P[] | string {
  const ageByBatch = new Map(batches.map((batch, age) => [batch, age]));
  const ageOf = (row: LocalRow) => Math.min(...[...row.batches].map((batch) => ageByBatch.get(batch) ?? 0));
  const sizes = batches.map((): Size => ({ rows: 0, bytes: 0 }));
  for (const { draft } of parts) {
    draft.pushed.forEach((row, i) => {
      const size = sizes[ageOf(row)];
      if (size !== undefined) addRow(size, draft.rows[i]);
    });
  }
  const total: Size = { rows: 0, bytes: FRAME_BYTES };
  let taken = 0;
  for (const { rows, bytes } of sizes) {
    total.rows += rows;
    total.bytes += bytes;
    if (total.rows > limits.maxPushRows || total.bytes > limits.maxMessageBytes) break;
    taken++;
  }
  if (taken === batches.length) return parts;
  const fitting = onlyRows(parts, (row) => ageOf(row) < taken);
  if (fitting.length > 0) return fitting;
  return `the batch has ${total.rows} documents and ${total.bytes} bytes, the server takes ${limits.maxPushRows} and ${limits.maxMessageBytes}`;
}

function addRow(size: Size, row: Draft['rows'][number] | undefined): void {
  if (row === undefined) return;
  size.rows++;
  size.bytes += row.bytes.length + 4 * row.id.length + 16;
}

function onlyRows<P extends Drafted>(parts: readonly P[], isWanted: (row: LocalRow) => boolean): P[] {
  const some = parts.map((part): P => {
    const { rows, pushed, parts: states, refused } = part.draft;
    const isIn = pushed.map(isWanted);
    const only = <T>(each: readonly T[]) => each.filter((_, i) => isIn[i]);
    return { ...part, draft: { rows: only(rows), pushed: only(pushed), parts: only(states), refused } };
  });
  return some.filter(({ draft }) => draft.rows.length > 0);
}
