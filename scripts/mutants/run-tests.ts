import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { SourceMutant } from './source-mutant.ts';
import { type Report, resultOf, type TestResult } from './test-report.ts';

type NamedTest = SourceMutant['test'];

const ROOT = join(import.meta.dirname, '../..');
/** A run that takes longer hangs, in milliseconds. */
const DEADLINE_MS = 120_000;

/** Runs these tests and no others, with the mutant of this number or with none; answers their results in the same order. */
export async function runTests(tests: readonly NamedTest[], mutantNumber = 0): Promise<TestResult[]> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-mutants-'));
  try {
    const file = join(folder, 'report.json');
    const output = await runVitest(tests, file, mutantNumber);
    const text = await readFile(file, 'utf8').catch(() => {
      throw new Error(`Vitest ended without a report: ${output.trim()}`);
    });
    const report: Report = JSON.parse(text);
    return tests.map((test) => resultOf(test, report));
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
