import { OUTAGE_SECONDS, type Outage } from './measure.ts';

const WIDTH = 880;
const LEFT = 20;
const RIGHT = 20;
const BAND_HEIGHT = 34;
const FIRST_MINUTE = 60;

/** Readable on white and on black: the page that shows the picture may be either. */
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #24424d; }
  .title { font-size: 16px; font-weight: 650; }
  .closed { fill: #cfe6e3; }
  .open { fill: #f3b08e; }
  .attempt { stroke: #0c6b7c; stroke-width: 3; stroke-linecap: round; }
  .tick { stroke: #7a959d; stroke-width: 1; }
  @media (prefers-color-scheme: dark) {
    text { fill: #d5e6ea; }
    .closed { fill: #1d4a50; }
    .open { fill: #93401c; }
    .attempt { stroke: #7fe0d2; }
  }
`;

/** Ten minutes without a server, and the first of them enlarged. */
export function renderOutage(outage: Outage): string {
  const count = outage.attempts.length;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} 236" role="img" aria-labelledby="title">
<title id="title">Ten minutes without a server: ${count} attempts to connect, the breaker open between them</title>
<style>${STYLE}</style>
<text class="title" x="${LEFT}" y="24">Ten minutes without a server: ${count} attempts</text>
${band({ outage, until: FIRST_MINUTE, top: 56, step: 10, label: 'the first minute', unit: secondsOf })}
${band({ outage, until: OUTAGE_SECONDS, top: 152, step: 60, label: 'all of it', unit: minutesOf })}
${legend()}
</svg>
`;
}

interface Band {
  readonly outage: Outage;
  /** In seconds. */
  readonly until: number;
  readonly top: number;
  /** From tick to tick, in seconds. */
  readonly step: number;
  readonly label: string;
  readonly unit: (seconds: number) => string;
}

function band({ outage, until, top, step, label, unit }: Band): string {
  const x = (seconds: number) => round(LEFT + ((WIDTH - LEFT - RIGHT) * Math.min(seconds, until)) / until);
  const bottom = top + BAND_HEIGHT;
  const ticks = Array.from({ length: until / step + 1 }, (_, i) => i * step);
  const halts = outage.halts.filter(({ from }) => from < until);
  const attempts = outage.attempts.filter((at) => at <= until);
  return [
    `<text x="${LEFT}" y="${top - 8}">${label}</text>`,
    `<rect class="closed" x="${LEFT}" y="${top}" width="${WIDTH - LEFT - RIGHT}" height="${BAND_HEIGHT}" rx="4"/>`,
    ...halts.map(
      ({ from, to }) =>
        `<rect class="open" x="${x(from)}" y="${top}" width="${round(x(to) - x(from))}" height="${BAND_HEIGHT}"/>`,
    ),
    ...attempts.map((at) => `<line class="attempt" x1="${x(at)}" y1="${top - 3}" x2="${x(at)}" y2="${bottom + 3}"/>`),
    ...ticks.map((at) => `<line class="tick" x1="${x(at)}" y1="${bottom + 5}" x2="${x(at)}" y2="${bottom + 9}"/>`),
    ...ticks.map((at) => `<text x="${x(at)}" y="${bottom + 23}" text-anchor="${anchor(at, until)}">${unit(at)}</text>`),
  ].join('\n');
}

function legend(): string {
  return [
    `<line class="attempt" x1="${WIDTH - 372}" y1="13" x2="${WIDTH - 372}" y2="27"/>`,
    `<text x="${WIDTH - 362}" y="25">attempt</text>`,
    `<rect class="closed" x="${WIDTH - 292}" y="12" width="16" height="16" rx="3"/>`,
    `<text x="${WIDTH - 270}" y="25">breaker closed</text>`,
    `<rect class="open" x="${WIDTH - 162}" y="12" width="16" height="16" rx="3"/>`,
    `<text x="${WIDTH - 140}" y="25">open: halted</text>`,
  ].join('\n');
}

function anchor(at: number, until: number): string {
  if (at === 0) return 'start';
  return at === until ? 'end' : 'middle';
}

const secondsOf = (seconds: number) => `${seconds} s`;
const minutesOf = (seconds: number) => `${seconds / 60} min`;
const round = (value: number) => Math.round(value * 10) / 10;
