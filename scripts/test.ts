import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { type Exit, runChild } from './child.ts';
import { findBrowser } from './find-browser.ts';
import {
  addCounts,
  type Counts,
  type CountsByProject,
  findProjectFaults,
  noCounts,
  summaryLine,
} from './test-counts.ts';

const root = join(import.meta.dirname, '..');
const args = process.argv.slice(2);
const timings: string[] = [];
let counts: Counts = noCounts;

process.chdir(root);
await timed('check', runCheck);
const browser = needsBrowser(args) ? await timed('browser', locateBrowser) : '';
if (browser !== undefined) await timed('tests', () => runTests(browser));
console.log(`\n${timings.join(' · ')}`);
console.log(summaryLine(counts));
process.exitCode = counts.failed === 0 ? 0 : 1;

async function timed<T>(stage: string, run: () => T | Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await run();
  timings.push(`${stage} ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return result;
}

async function runCheck(): Promise<void> {
  const { code } = await runNode(['scripts/check.ts']);
  if (code !== 0) fail('The check failed; the tests run all the same.');
}

function locateBrowser(): string | undefined {
  try {
    return findBrowser();
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

async function runTests(browser: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-test-'));
  const report = join(folder, 'counts.json');
  try {
    const { code } = await runNode(
      ['node_modules/vitest/vitest.mjs', 'run', '--config', 'vitest.workspace.ts', ...reporters(), ...args],
      { BREAKWATER_TEST_COUNTS: report, ...(browser === '' ? {} : { BREAKWATER_CHROMIUM: browser }) },
    );
    const failedBefore = counts.failed;
    if (existsSync(report)) readReport(JSON.parse(readFileSync(report, 'utf8')));
    if (code !== 0 && counts.failed === failedBefore) fail(`Vitest ended with code ${code}.`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readReport(report: { projects: CountsByProject; unhandledErrors: number }): void {
  counts = Object.values(report.projects).reduce(addCounts, counts);
  for (let i = 0; i < report.unhandledErrors; i++) fail('An error was thrown outside of any test.');
  for (const [name, { passed, failed, skipped }] of Object.entries(report.projects)) {
    console.log(`${name}: ${summaryLine({ passed, failed, skipped })}`);
  }
  if (args.length > 0) console.log('Arguments were given: not asserting that every project ran.');
  else for (const fault of findProjectFaults(report.projects)) fail(fault);
}

function reporters(): string[] {
  return ['--reporter=default', '--reporter=./scripts/count-reporter.ts'];
}

/** Only the projects that are known to do without a browser spare the search for one. */
function needsBrowser(given: readonly string[]): boolean {
  const chosen = given.flatMap((arg, i) => {
    if (arg === '--project') return [given[i + 1] ?? ''];
    return arg.startsWith('--project=') ? [arg.slice('--project='.length)] : [];
  });
  return chosen.length === 0 || chosen.some((name) => name !== 'node' && name !== 'server');
}

/** Everything that goes wrong counts as one failure, so that the last line and the exit code agree. */
function fail(message: string): void {
  console.error(message);
  counts = addCounts(counts, { ...noCounts, failed: 1 });
}

async function runNode(command: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Exit> {
  const exit = await runChild(process.execPath, command, env);
  if (exit.stoppedBy !== undefined) process.exit(128 + constants.signals[exit.stoppedBy]);
  return exit;
}
