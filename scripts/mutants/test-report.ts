import type { SourceMutant } from './source-mutant.ts';

/** As much of Vitest's JSON report as is read here. */
export interface Report {
  readonly testResults: readonly {
    readonly name: string;
    /** Why the file as a whole failed, its import maybe. */
    readonly message: string;
    readonly assertionResults: readonly {
      readonly title: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** What became of a test that was run by its name. */
export interface TestResult {
  readonly outcome: 'passed' | 'failed' | 'was not run';
  /** Why it failed or was not run; else empty. */
  readonly reason: string;
}

/** Code that breaks down without a guard says nothing of what the guard is for. */
const BREAKDOWN = /^(Syntax|Reference|Type|Range)Error/;

export function resultOf({ file, title }: SourceMutant['test'], { testResults }: Report): TestResult {
  const ofFile = testResults.find(({ name }) => name.endsWith(file));
  // One, or one for each storage.
  const named = ofFile?.assertionResults.filter((each) => each.title === title) ?? [];
  const failed = named.find(({ status }) => status === 'failed');
  if (failed !== undefined) return { outcome: 'failed', reason: failed.failureMessages.join('\n') };
  const hasPassed = named.length > 0 && named.every(({ status }) => status === 'passed');
  return hasPassed
    ? { outcome: 'passed', reason: '' }
    : { outcome: 'was not run', reason: ofFile?.message || `no test of that title was run in ${file}` };
}

/** Has the test failed by what it expects, or by waiting for it? */
export function hasNoticed({ outcome, reason }: TestResult): boolean {
  return outcome === 'failed' && !BREAKDOWN.test(reason);
}
