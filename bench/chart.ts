import type { Summary } from './result.ts';

const WIDTH = 860;
const LABEL_WIDTH = 420;
const LINE = 26;
const TOP = 46;
/** A ratio beyond this leaves the picture: its bar ends in the number. */
const MAX_RATIO = 10;

/** The ratios to the floor as bars, each with a mark where its goal is. An SVG that follows the reader's light or dark. */
export function toChart(summaries: readonly Summary[], caption: string): string {
  const bars = summaries.filter(({ ratio, goal }) => ratio !== undefined && goal !== undefined && 'ratio' in goal);
  const height = TOP + bars.length * LINE + 34;
  const scale = (ratio: number) => LABEL_WIDTH + (Math.min(ratio, MAX_RATIO) / MAX_RATIO) * (WIDTH - LABEL_WIDTH - 70);
  const lines = bars.map((bar, i) => toBar(bar, TOP + i * LINE, scale));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Ratios to the floor">
<style>
text { font: 13px system-ui, sans-serif; fill: #1b2b34 }
.bar { fill: #3a7ca5 } .missed { fill: #b8860b } .goal { stroke: #1b2b34; stroke-width: 2 } .floor { stroke: #8aa; stroke-dasharray: 3 3 }
@media (prefers-color-scheme: dark) { text { fill: #dde6ea } .goal { stroke: #dde6ea } }
</style>
<text x="0" y="16" font-weight="600">Times the floor, less is better; the upright is the goal</text>
<line class="floor" x1="${scale(1)}" x2="${scale(1)}" y1="${TOP - 8}" y2="${height - 34}"/>
<text x="${scale(1)}" y="${TOP - 12}" text-anchor="middle">floor</text>
${lines.join('\n')}
<text x="0" y="${height - 8}">${escapeText(caption)}</text>
</svg>
`;
}

function toBar({ name, ratio = 0, goal, reached }: Summary, y: number, scale: (ratio: number) => number): string {
  const goalAt = goal !== undefined && 'ratio' in goal ? scale(goal.ratio) : 0;
  const end = scale(ratio);
  return `<text x="${LABEL_WIDTH - 10}" y="${y + 14}" text-anchor="end">${escapeText(name)}</text>
<rect class="bar${reached ? '' : ' missed'}" x="${LABEL_WIDTH}" y="${y + 3}" width="${(end - LABEL_WIDTH).toFixed(1)}" height="14" rx="2"/>
<line class="goal" x1="${goalAt.toFixed(1)}" x2="${goalAt.toFixed(1)}" y1="${y}" y2="${y + 20}"/>
<text x="${(Math.max(end, goalAt) + 6).toFixed(1)}" y="${y + 14}">${ratio.toFixed(2)} ×</text>`;
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
