/*
 * npm run bench [-- rows | blobs | queries | import | typing] [-- runs]: Breakwater against the floor, in the same run, on this machine. Only the
 * ratios travel to another machine. With `rows` only what a row costs and takes, without network and apps, in seconds;
 * with `blobs` only attachments; with `typing` only keys in an open document; with `queries` only what pages and a monitor of queries cost; with `import` only how busy a bulk import keeps Chromium.
 */
import { measureBlobs } from './blobs.ts';
import { measureBulk } from './bulk.ts';
import { measureCommits } from './commits.ts';
import { measureLatency } from './latency.ts';
import { measureQueries, toReport } from './queries.ts';
import { type Result, summarise, toLine } from './result.ts';
import { measureRowCosts } from './row-costs.ts';
import { measureRowSizes, type RowSize } from './row-sizes.ts';
import { toTable } from './table.ts';
import { measureTyping } from './typing.ts';

const ROWS = 10_000;
const PATCHES = 1_000;
const KEYS = 1_000;
const KEYS_AT_ONCE = 20_000;

/** What the figures of attachments are held against. */
const BLOB_FLOOR = 'Floor: raw ws that relays the pieces of files, appends them to a file and syncs it.';

/** What the figures of typing are held against. */
const TYPING_FLOOR = `The floor of keys is raw ws that sends on Yjs updates; where both store first, one that appends them to a file and syncs
it before; where both are y-websocket, the relay with the clients that Breakwater is measured with. Breakwater sends none on
before it is on the disk.`;

const QUERIED_ROWS = 100_000;

const args = process.argv.slice(2);
if (args[0] === 'queries') {
  print(toReport(await measureQueries(QUERIED_ROWS)));
  process.exit(0);
}
if (args[0] === 'import') {
  // With it comes the bundler, which the others do without.
  const { measureImport, toImportReport } = await import('./import.ts');
  print(toImportReport(QUERIED_ROWS, await measureImport(QUERIED_ROWS)));
  process.exit(0);
}
const part = ['rows', 'blobs', 'typing'].find((name) => name === args[0]);
const [runsGiven = '3'] = part === undefined ? args : args.slice(1);
const runs = Number(runsGiven);
if (!Number.isInteger(runs) || runs < 1)
  throw new RangeError(`the number of runs must be an integer of at least 1, not '${runsGiven}'`);

if (part === 'blobs') {
  const blobs: Result[][] = [];
  for (let run = 1; run <= runs; run++) blobs.push(await measureBlobs());
  print(`\n${toTable(['work', 'floor', 'Breakwater', 'ratio'], summarise(blobs).map(toLine))}\n\n${BLOB_FLOOR}\n`);
  process.exit(0);
}
if (part === 'typing') {
  const typed: Result[][] = [];
  for (let run = 1; run <= runs; run++) typed.push(await measureTyping(KEYS, KEYS_AT_ONCE));
  print(`\n${toTable(['work', 'floor', 'Breakwater', 'ratio'], summarise(typed).map(toLine))}\n\n${TYPING_FLOOR}\n`);
  process.exit(0);
}
const rowsOnly = part === 'rows';

const againstFloor: Result[][] = [];
const costs: Result[][] = [];
for (let run = 1; run <= runs; run++) {
  process.stderr.write(`run ${run} of ${runs}\n`);
  const network = rowsOnly ? [] : [...(await measureBulk(ROWS)), ...(await measureLatency(PATCHES))];
  const typed = rowsOnly ? [] : await measureTyping(KEYS, KEYS_AT_ONCE);
  againstFloor.push([...network, ...(await measureCommits(ROWS)), ...typed]);
  costs.push(measureRowCosts());
}

print(`
${toTable(['work', 'floor', 'Breakwater', 'ratio'], summarise(againstFloor).map(toLine))}

Medians of ${runs} runs. Floor: raw ws and node:sqlite storing the same bytes, acknowledged after the commit. Of rows
committed a second more is better, of milliseconds less. ${TYPING_FLOOR}

${toTable(['one row', 'JSON', 'Breakwater', 'ratio'], summarise(costs).map(toLine))}

Medians of ${runs} runs, on one thread. JSON: writing and reading the fields of the same row.

${sizeTable(measureRowSizes())}

Bytes of a row's encoded state, and their ratio to the fresh row. An opening of the app has a node id and a Yjs client
id of its own and makes one update.
`);
process.exit(0);

function sizeTable(sizes: readonly RowSize[]): string {
  const [first] = sizes;
  if (first === undefined) throw new Error('there is no row to measure');
  const updates = first.updates.map(([count]) => `${count.toLocaleString('en')} update${count === 1 ? '' : 's'}`);
  const heads = ['state of a', 'fresh', ...updates, `${first.openings.toLocaleString('en')} openings`, 'node ids then'];
  return toTable(heads, sizes.map(sizeLine));
}

function sizeLine({ name, fresh, updates, afterOpenings, nodes }: RowSize): string[] {
  const toText = (bytes: number) => `${bytes} B, ${(bytes / fresh).toFixed(2)} ×`;
  return [name, `${fresh} B`, ...updates.map(([, bytes]) => toText(bytes)), toText(afterOpenings), String(nodes)];
}

function print(text: string): void {
  process.stdout.write(text);
}
