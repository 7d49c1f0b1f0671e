import type { Replication } from '../data/database.ts';
import { partOf, setText } from '../dom.ts';
import { formatDuration } from '../format.ts';

/** Bars that the chart has room for. */
const BARS = 32;
const HEIGHT = 30;
const STEP = 5;

/** The lowest and the highest bar stand for 2 ms and 20 s: in between each ten times is as high as the last. */
const LEAST_MS = 2;
const MOST_MS = 20_000;

/** Draws how long writes waited until all of them were on the server's disk. */
export function createStoredChart(root: HTMLElement, sync: Replication): void {
  const bars = partOf(root, 'stored-bars', SVGPathElement);
  const text = partOf(root, 'stored-text', HTMLElement);
  const waits: number[] = [];
  let waitsSince: number | undefined;

  sync.pending$.subscribe(({ rows }) => {
    const now = performance.now();
    if (rows > 0) waitsSince ??= now;
    else if (waitsSince !== undefined) {
      waits.push(now - waitsSince);
      if (waits.length > BARS) waits.shift();
      waitsSince = undefined;
      draw();
    }
  });
  function draw(): void {
    const first = BARS - waits.length;
    const d = waits
      .map((ms, at) => `M${(first + at) * STEP + 2} ${HEIGHT}V${(HEIGHT - heightOf(ms)).toFixed(1)}`)
      .join('');
    bars.setAttribute('d', d);
    setText(text, `stored in ${formatDuration(waits.at(-1) ?? 0)}`);
  }
}

function heightOf(ms: number): number {
  const share = Math.log(Math.max(1, ms / LEAST_MS)) / Math.log(MOST_MS / LEAST_MS);
  return 3 + Math.min(1, share) * (HEIGHT - 4);
}
