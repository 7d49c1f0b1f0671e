/*
 * npm run bench [-- runs]: Breakwater against the floor, in the same run, on this machine. Only the ratios travel to
 * another machine.
 */
import { measureBulk } from './bulk.ts';
import { measureLatency } from './latency.ts';
import { type Result, summarise, toTable } from './result.ts';

const ROWS = 10_000;
const PATCHES = 1_000;
const runs = Number(process.argv[2] ?? 3);
if (!Number.isInteger(runs) || runs < 1)
  throw new RangeError(`the number of runs must be at least 1, not ${process.argv[2]}`);

const results: Result[][] = [];
for (let run = 1; run <= runs; run++) {
  process.stderr.write(`run ${run} of ${runs}\n`);
  results.push([...(await measureBulk(ROWS)), ...(await measureLatency(PATCHES))]);
}
process.stdout.write(`${toTable(summarise(results))}\n`);
process.stdout.write(
  `\nMedians of ${runs} runs. Floor: raw ws and node:sqlite storing the same bytes, acknowledged after the commit.\n`,
);
process.exit(0);
