/*
 * npm run bench [-- scenario…] [--peers] [--runs N] [--json FILE] [--chart FILE]: Breakwater against the floor, in the same run,
 * on this machine; with --peers beside what people would otherwise use, where a scenario can. Only the ratios travel to another
 * machine. Without names every scenario is measured; `-- --list` says which there are.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { toChart } from './chart.ts';
import { describeMachine } from './machine.ts';
import { OTHER_PEERS } from './peers/peer.ts';
import { type Result, type Summary, summarise, toResultTable } from './result.ts';
import { scenarios } from './scenarios/index.ts';
import { toTable } from './table.ts';

const DEFAULT_RUNS = 3;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    peers: { type: 'boolean' },
    runs: { type: 'string' },
    json: { type: 'string' },
    chart: { type: 'string' },
    list: { type: 'boolean' },
  },
});

if (values.list) {
  print(
    `${toTable(
      ['scenario', 'what is measured', `--peers: ${OTHER_PEERS.join(', ')}`],
      scenarios.map(({ name, about, besideOthers }) => [name, about, besideOthers ? 'yes' : '']),
    )}\n`,
  );
  process.exit();
}
const runs = Number(values.runs ?? DEFAULT_RUNS);
if (!Number.isInteger(runs) || runs < 1) {
  throw new RangeError(`--runs takes an integer of at least 1, not '${values.runs}'`);
}
const unknown = positionals.filter((name) => !scenarios.some((scenario) => scenario.name === name));
if (unknown.length > 0) {
  throw new RangeError(`there is no scenario '${unknown.join("', '")}'; npm run bench -- --list says which there are`);
}

const measured: { readonly scenario: string; readonly results: readonly Summary[] }[] = [];
for (const { name, about, onlyByName = false, measure, report } of scenarios) {
  if (positionals.length > 0 ? !positionals.includes(name) : onlyByName) continue;
  process.stderr.write(`${name}: ${about}\n`);
  if (measure !== undefined) {
    const results: Result[][] = [];
    for (let run = 1; run <= runs; run++) results.push(await measure(values.peers ? OTHER_PEERS : []));
    const summaries = summarise(results);
    measured.push({ scenario: name, results: summaries });
    print(`\n${toResultTable(summaries)}\n`);
  }
  if (report !== undefined) print(await report());
}
const machine = describeMachine();
if (measured.length > 0) print(`\nMedians of ${runs} run${runs === 1 ? '' : 's'}. ${machine}.\n`);
if (values.chart !== undefined) {
  const all = measured.flatMap(({ results }) => results);
  await writeFile(values.chart, toChart(all, `Medians of ${runs} runs. ${machine}.`));
}
if (values.json !== undefined) {
  const text = JSON.stringify({ machine, runs, measured }, undefined, 2);
  await writeFile(values.json, `${text}\n`);
}
process.exit();

function print(text: string): void {
  process.stdout.write(text);
}
