import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { SourceMutant } from './source-mutant.ts';

type NamedTest = SourceMutant['test'];

/** What became of a test that was run by its name. */
export interface TestResult {
  readonly outcome: 'passed' | 'failed' | 'was not run';
  /** Why it failed or was not run; else empty. */
  readonly reason: string;
}

export const NOT_RUN: TestResult = { outcome: 'was not run', reason: '' };

/** As much of Vitest's JSON report as is read here. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly title: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

const ROOT = join(import.meta.dirname, '../..');
/** A run that takes longer hangs, in milliseconds. */
const DEADLINE_MS = 120_000;

/** Runs these tests and no others, with the mutant of this number or with none; answers their results in the same order. */
export async function runTests(tests: readonly NamedTest[], mutantNumber = 0): Promise<TestResult[]> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-mutants-'));
  try {
    const file = join(folder, 'report.json');
    const output = await runVitest(tests, file, mutantNumber);
    // There is none when Vitest itself fails.
    const report: Report = JSON.parse(await readFile(file, 'utf8').catch(() => '{"testResults":[]}'));
    return tests.map((test) => resultOf(test, report, output));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Answers what it prints. That tests fail is no error here. */
function runVitest(tests: readonly NamedTest[], report: string, mutantNumber: number): Promise<string> {
  const files = [...new Set(tests.map(({ file }) => file))];
  const titles = `(${tests.map(({ title }) => toPattern(title)).join('|')})$`;
  const options = ['--config', 'vitest.mutants.ts', '--reporter=json', `--outputFile=${report}`, '-t', titles];
  const env = { ...process.env, BREAKWATER_MUTANT: `${mutantNumber}` };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['node_modules/vitest/vitest.mjs', 'run', ...options, ...files],
      { cwd: ROOT, env, timeout: DEADLINE_MS },
      (_error, stdout, stderr) => resolve(stdout + stderr),
    );
  });
}

/** The text as a regular expression that it alone matches. */
function toPattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function resultOf({ file, title }: NamedTest, { testResults }: Report, output: string): TestResult {
  const ofFile = testResults.find(({ name }) => name.endsWith(file));
  // One, or one for each storage.
  const named = ofFile?.assertionResults.filter((each) => each.title === title) ?? [];
  const failed = named.find(({ status }) => status === 'failed');
  if (failed !== undefined) return { outcome: 'failed', reason: failed.failureMessages.join('\n') };
  const hasPassed = named.length > 0 && named.every(({ status }) => status === 'passed');
  return hasPassed ? { outcome: 'passed', reason: '' } : { ...NOT_RUN, reason: ofFile?.message || output.trim() };
}
